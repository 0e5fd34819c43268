// Shell scripts as users: as their interpreter, in pipelines, substitutions, the background,
// nested.

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

std::string script(const std::string& name, const std::string& text) {
  const std::string path = work_folder() + "/" + name;
  std::ofstream(path) << text;
  ::chmod(path.c_str(), 0755);
  return path;
}

Outcome shell(const std::string& text) {
  Process process({"/bin/sh", "-c", text});
  process.close_input();
  return process.finish();
}

TEST(Scripts, HydrinitIsTheInterpreter) {
  const std::string path = script(
      "interpreted", "#!" + binary() + " /bin/sh\necho \"$1 from $(basename \"$0\")\"; exit 4\n");
  Process process({path, "hello"});
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 4) << outcome.errors;
  EXPECT_EQ(outcome.output, "hello from interpreted\n");
}

TEST(Scripts, HydrinitIsTheInterpreterThroughEnvWithOptions) {
  const std::string path =
      script("through-env", "#!/usr/bin/env -S " + binary() +
                                " --wait-all 10s -e 3 -- /bin/sh\necho $1; exit 3\n");
  Process process({path, "x"});
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "x\n");
}

TEST(Scripts, PipelinesHandDataAndCodesOn) {
  EXPECT_EQ(shell("seq 5 | " + binary() + " cat | " + binary() + " wc -l").output, "5\n");
  EXPECT_EQ(shell("yes | " + binary() + " head -n 1").output, "y\n");
  EXPECT_EQ(shell("true | " + binary() + " sh -c 'exit 6'").code, 6);
}

TEST(Scripts, SubstitutionHoldsTheOutputAlone) {
  EXPECT_EQ(shell("x=$(" + binary() + " echo one two); echo \"[$x]\"").output, "[one two]\n");
}

TEST(Scripts, BackgroundIsWaitedForWithItsCode) {
  EXPECT_EQ(shell(binary() + " sh -c 'exit 9' & wait $!").code, 9);
}

TEST(Scripts, NestedOnesHandSignalsAndCodesThrough) {
  Process process(hydrinit({binary(), "-r", "TERM:USR1", binary(), probe(), "signals", "10"}));
  process.expect("ready ");
  process.signal(15);
  EXPECT_EQ(process.finish().code, 0);
  EXPECT_EQ(run({binary(), binary(), "sh", "-c", "exit 8"}).code, 8);
}

TEST(Scripts, NothingOutlivesAScriptUnderWaitAll) {
  Process process(hydrinit({"--wait-all", "100ms", "sh", "-c",
                            probe() + " stubborn & " + probe() + " daemon stubborn; echo left"}));
  process.expect("left");
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  int found = 0;
  for (std::size_t at = outcome.output.find("ready "); at != std::string::npos;
       at = outcome.output.find("ready ", at + 1), ++found) {
    EXPECT_FALSE(alive(std::atoi(outcome.output.c_str() + at + 6)));
  }
  EXPECT_GE(found, 1) << outcome.output;
}

}  // namespace
}  // namespace hydrinit_test
