// Stands in the tests for a hydrinit of another architecture, as the kernel's binfmt_misc would: it
// runs that one under QEMU's user mode, by the name and with the arguments that it was called with.
// Its commands are this machine's own, since they are executed by the kernel and not by QEMU.
//
//   c++ -static -DEMULATOR='"/usr/bin/qemu-arm-static"' -DBINARY='"/path/of/hydrinit"' emulator.cc
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <initializer_list>

int main(int argc, char** argv) {
  constexpr int kArgumentsMax = 4096;
  static char* words[kArgumentsMax];
  char emulator[] = EMULATOR;
  char name_option[] = "-0";
  char binary[] = BINARY;
  if (argc > kArgumentsMax - 4) return 125;
  int count = 0;
  for (char* word : {emulator, name_option, argv[0], binary}) words[count++] = word;
  // With the nullptr at the end.
  std::memcpy(words + count, argv + 1, sizeof(char*) * static_cast<std::size_t>(argc));
  ::execv(emulator, words);
  std::perror(EMULATOR);
  return 125;
}
