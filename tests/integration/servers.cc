#include "servers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "harness.h"

namespace hydrinit_test {
namespace {

const Question kPlain{"GET /who HTTP/1.0\r\n\r\n", "replica="};
const Question kSilent{"", "replica="};
const Question kRedis{"INFO server\r\nQUIT\r\n", "process_id:"};
const Question kNginx{"GET /who HTTP/1.0\r\n\r\n", "pid="};

const std::vector<Target> kBoth{{"127.0.0.1", 8080}, {"::1", 8080}};
const std::vector<Target> kV4{{"127.0.0.1", 8080}};
const std::vector<Target> kV6{{"::1", 8080}};

void write(const std::string& path, const std::string& text, mode_t mode = 0644) {
  std::ofstream(path, std::ios::trunc) << text;
  ::chmod(path.c_str(), mode);
}

// A program behind a web server: it has the replica's environment.
std::string script_folder() {
  const std::string folder = open_folder() + "/cgi-bin";
  ::mkdir(folder.c_str(), 0755);
  write(folder + "/who",
        "#!/bin/sh\necho 'Content-Type: text/plain'\necho\n"
        "echo \"replica=$HYDRINIT_REPLICA pid=$PPID\"\n",
        0755);
  return open_folder();
}

Words gunicorn(const std::string& address) {
  test_file("servers/who_wsgi.py");
  return {"gunicorn",    "--log-level", "error", "--chdir",
          work_folder(), "-b",          address, "who_wsgi:application"};
}

}  // namespace

Words nginx(const std::string& listen, int workers) {
  const std::string folder = open_folder();
  const std::string file = folder + "/nginx-" + std::to_string(workers) +
                           (listen.find("reuseport") != std::string::npos ? "-reuseport" : "") +
                           ".conf";
  std::string paths;
  for (const char* path : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    paths += std::string(path) + "_temp_path " + folder + "/" + path + ";\n";
  write(file, "daemon off;\nworker_processes " + std::to_string(workers) +
                  ";\nerror_log stderr crit;\nevents { worker_connections 200; }\n"
                  "http { access_log off; " +
                  paths + "server {\n" + listen +
                  "location / { return 200 \"pid=$pid\\n\"; } } }\n");
  return {"sh", "-c",
          "exec nginx -c " + file + " -e stderr -g \"pid " + folder + "/nginx-$$.pid;\" "};
}

const std::vector<Server>& every_server() {
  static const std::vector<Server> servers = {
      {"NodeHttp", "node",
       [] {
         return Words{"node", test_file("servers/who.js"), "8080"};
       },
       kBoth},
      {"NpmLikeShell", "node",
       [] {
         return Words{"sh", "-c", "node " + test_file("servers/who.js") + " 8080; echo ended"};
       },
       kBoth},
      {"PythonHttpServerModule", "/usr/bin/python3",
       [] {
         return Words{"sh", "-c",
                      "exec /usr/bin/python3 -m http.server --cgi --directory " + script_folder() +
                          " --bind 127.0.0.1 8080 2>/dev/null"};
       },
       kV4},
      {"PythonHttpServerV6", "/usr/bin/python3",
       [] {
         return Words{"/usr/bin/python3", test_file("servers/who_http.py"), "8080", "::1"};
       },
       kV6},
      {"PythonAsyncio", "/usr/bin/python3",
       [] {
         return Words{"/usr/bin/python3", test_file("servers/who_asyncio.py"), "8080"};
       },
       kBoth},
      {"Gunicorn", "gunicorn", [] { return gunicorn("0.0.0.0:8080"); }, kV4},
      {"GunicornDualStack", "gunicorn", [] { return gunicorn("[::]:8080"); }, kBoth},
      {"Uvicorn", "/usr/bin/python3 -c 'import uvicorn'",
       [] {
         test_file("servers/who_wsgi.py");
         return Words{
             "/usr/bin/python3", "-m",     "uvicorn",   "--log-level", "error", "--app-dir",
             work_folder(),      "--host", "127.0.0.1", "--port",      "8080",  "who_wsgi:asgi"};
       },
       kV4},
      {"Nginx", "nginx", [] { return nginx("listen 8080; listen [::]:8080 ipv6only=on;", 2); },
       kBoth, kNginx},
      {"NginxReuseport", "nginx",
       [] { return nginx("listen 8080 reuseport; listen [::]:8080 reuseport ipv6only=on;", 2); },
       kBoth, kNginx},
      {"Redis", "redis-server",
       [] {
         return Words{"redis-server", "--port", "8080",  "--bind",      "127.0.0.1",  "::1",
                      "--save",       "",       "--dir", open_folder(), "--loglevel", "warning"};
       },
       kBoth, kRedis},
      {"BusyboxHttpd", "busybox",
       [] { return Words{"busybox", "httpd", "-f", "-p", "8080", "-h", script_folder()}; }, kBoth},
      {"Socat", "socat",
       [] {
         return Words{"socat", "TCP-LISTEN:8080,fork,reuseaddr,backlog=100",
                      "SYSTEM:echo replica=$HYDRINIT_REPLICA"};
       },
       kV4, kSilent},
      {"SocatV6", "socat",
       [] {
         return Words{"socat", "TCP6-LISTEN:8080,fork,reuseaddr,backlog=100",
                      "SYSTEM:echo replica=$HYDRINIT_REPLICA"};
       },
       kV6, kSilent},
      {"GoWebhook",
       "webhook",
       [] {
         script_folder();
         write(open_folder() + "/hooks.json", "[{\"id\": \"who\", \"execute-command\": \"" +
                                                  open_folder() +
                                                  "/cgi-bin/who\", "
                                                  "\"include-command-output-in-response\": true}]");
         return Words{"webhook", "-port", "8080", "-hooks", open_folder() + "/hooks.json"};
       },
       kBoth,
       {"GET /hooks/who HTTP/1.0\r\n\r\n", "replica="}},
  };
  return servers;
}

const Server& server(const std::string& name) {
  for (const Server& each : every_server()) {
    if (name == each.name) return each;
  }
  std::abort();
}

std::string why_not(const Server& server) {
  const std::string needed = server.needed;
  const std::string check = needed.find(' ') == std::string::npos ? "command -v " + needed : needed;
  if (std::system(("(PATH=$PATH:/usr/sbin " + check + ") >/dev/null 2>&1").c_str()) != 0)
    return needed + " does not work here";
  return "";
}

bool all_answer(const Target& target, const Question& question, pid_t init, std::size_t count) {
  std::set<std::string> seen;
  return eventually([&] {
    const Answer answer = ask(target, question);
    if (answer.kind == Answer::Kind::whole) seen.insert(replica_of(answer.who, init));
    return seen.size() == count;
  });
}

Words with_options(Words options, const Words& command) {
  options.emplace_back("--");
  options.insert(options.end(), command.begin(), command.end());
  return hydrinit(options);
}

std::string replica_of(const std::string& who, pid_t init) {
  if (who.size() < 3) return who;
  pid_t pid = std::atoi(who.c_str());
  while (pid > 1) {
    const pid_t parent = std::atoi(status_field(pid, "PPid").c_str());
    if (parent == init) break;
    pid = parent;
  }
  return "child " + std::to_string(pid);
}

}  // namespace hydrinit_test
