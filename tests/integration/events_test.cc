// What hydrinit says of what happens: with -v a line for each event, by default only what matters.

#include <signal.h>

#include "harness.h"

namespace hydrinit_test {
namespace {

class EventLog : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, EventLog, every_place(), place_name);

TEST_P(EventLog, NothingIsSaidWhileAllIsWell) {
  Process process(shell({"-n", "2", "--ready", "0"}, "echo up; exec sleep 1000"), options());
  process.expect_next("up");
  process.expect_next("up");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 143);
  EXPECT_EQ(outcome.errors, "");
}

TEST_P(EventLog, LifeOfAReplicaIsToldStepByStep) {
  Process process(shell({"-v", "-n", "1", "--ready", "0", "--restart-delay", "1ms"},
                        "echo pid $$; read code; exit $code"),
                  options());
  const int pid = process.expect_number("pid ");
  process.expect_error("hydrinit: started 'sh' as pid " + std::to_string(pid) + " (replica 0)\n");
  process.expect_error("hydrinit: replica 0 is up\n");
  process.write("3\n");
  process.expect_error("hydrinit: pid " + std::to_string(pid) +
                       " ended with code 3 (replica 0, after ");
  process.expect_error("hydrinit: replica 0 ended with code 3, starting it again in 1 ms\n");
  process.expect_next("pid ");
  process.expect_next("pid ");  // of the next life
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_NE(outcome.errors.find("hydrinit: received TERM\nhydrinit: sent TERM to pid "),
            std::string::npos)
      << outcome.errors;
  EXPECT_NE(outcome.errors.find("was killed by TERM (replica 0, after "), std::string::npos);
  EXPECT_NE(outcome.errors.find("hydrinit: exiting with code 143\n"), std::string::npos);
}

// The second replica decided for failure: 1, though its program has ended with 0.
TEST_P(EventLog, CodeThatIsNoReplicasIsSaid) {
  const Outcome outcome =
      run({"-n", "1", "--ready", "1000s", "--max-restarts", "1", "--restart-delay", "1ms", "true"},
          options());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.errors.find("hydrinit: exiting with code 1, no replica's own\n"),
            std::string::npos)
      << outcome.errors;
}

TEST_P(EventLog, WhoKeepsAStopWaitingIsNamed) {
  static int number = 0;
  const std::string file = open_folder() + "/zombie-" + std::to_string(++number);
  // One that does not hear TERM, and does not reap its child, as it has become a sleep meanwhile.
  const std::string script =
      "exec 3<&0; (trap '' TERM; sh -c 'read die' <&3 & echo $! >" + file +
      "; exec sleep 1000) & until [ -s " + file + " ]; do :; done; echo ready;" +
      " until grep -q '^State:.Z' /proc/$(cat " + file + ")/status; do :; done";
  Process process(shell({"-v", "--wait-all", "10ms"}, script), options());
  process.expect("ready");
  process.write("die\n");
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.errors.find(" (sleep) remains\n"), std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find(" (sh) is a zombie, not reaped by its parent "), std::string::npos)
      << outcome.errors;
}

}  // namespace
}  // namespace hydrinit_test
