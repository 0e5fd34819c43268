// The least that an init can be, to compare with: it starts a command by its absolute path, waits
// for all that ends until the command does, and ends with its code. It forwards no signal and says
// nothing. Without a command it ends with 0 at once.

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 0;
  const pid_t child = vfork();
  if (child == 0) {
    execv(argv[1], argv + 1);
    _exit(127);
  }
  if (child < 0) return 125;
  int status = 0;
  pid_t ended = 0;
  while (ended != child) {
    ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) return 125;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
