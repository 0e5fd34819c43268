// Real servers, as their users start them: they know nothing of hydrinit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client.h"
#include "harness.h"

namespace hydrinit_test {

struct Server {
  const char* name;
  // The program that has to be there, or a command that has to succeed.
  const char* needed;
  // How it is started; makes the files that it needs.
  std::function<std::vector<std::string>()> command;
  // Where it is found.
  std::vector<Target> targets;
  Question question{};
};

// Where most of them are, and what the programs in tests/integration/servers are asked.
inline const Target kHere{"127.0.0.1", 8080};
inline const Question kHttp{"GET / HTTP/1.0\r\n\r\n", "replica="};
inline Words shell(const std::string& script) { return {"sh", "-c", script}; }

// For messages.
inline void PrintTo(const Server& server, std::ostream* out) { *out << server.name; }

const std::vector<Server>& every_server();
const Server& server(const std::string& name);
// Empty when it can be run here, else what is missing.
std::string why_not(const Server& server);
#define REQUIRE_SERVER(name) REQUIRE_OR_SKIP(why_not(server(name)).empty(), why_not(server(name)))
// nginx with these "listen" lines, and so many workers.
std::vector<std::string> nginx(const std::string& listen, int workers);
// Asks until so many replicas have answered; false: they never did.
bool all_answer(const Target& target, const Question& question, pid_t init, std::size_t count);
// hydrinit with these options and the command.
std::vector<std::string> with_options(std::vector<std::string> options,
                                      const std::vector<std::string>& command);
// The replica, or where a server can tell only its number, the child of hydrinit that this process
// comes from.
std::string replica_of(const std::string& who, pid_t init);

}  // namespace hydrinit_test
