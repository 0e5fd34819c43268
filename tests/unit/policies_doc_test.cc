// docs/policies.md draws the steps of a replica: the picture must have those of core/replica.h, no
// more and no fewer.

#include <gtest/gtest.h>

#include <fstream>
#include <istream>
#include <iterator>
#include <set>
#include <string>

#include "core/replica.h"

namespace hydrinit {
namespace {

// As the picture writes them: "from --> to: step".
using Edges = std::set<std::string>;

constexpr const char* kStageNames[] = {"unused",   "waiting", "starting", "running", "draining",
                                       "stopping", "killing", "done",     "failed"};
constexpr const char* kStepNames[] = {"want", "spawned", "up",     "drain", "stop",
                                      "kill", "again",   "finish", "fail",  "remove"};
static_assert(std::size(kStageNames) == static_cast<std::size_t>(Stage::failed) + 1);
static_assert(std::size(kStepNames) == std::size(kSteps));
static_assert(std::size(kSteps) == static_cast<std::size_t>(Step::remove) + 1);

Edges edges_of_table() {
  Edges edges;
  for (std::size_t step = 0; step < std::size(kSteps); ++step) {
    const StepRow& row = kSteps[step];
    const std::string to = kStageNames[static_cast<int>(row.to)];
    for (std::size_t from = 0; from < std::size(kStageNames); ++from) {
      if (!row.from.has(static_cast<Stage>(from))) continue;
      edges.insert(std::string(kStageNames[from]) + " --> " + to + ": " + kStepNames[step]);
    }
  }
  return edges;
}

// Every line between "stateDiagram-v2" and the fence, without its indentation.
Edges edges_of_picture(std::istream& page) {
  Edges edges;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```") inside = false;
    const std::size_t first = line.find_first_not_of(' ');
    if (inside && first != std::string::npos) {
      EXPECT_TRUE(edges.insert(line.substr(first)).second) << "twice: " << line;
    }
    if (line == "stateDiagram-v2") inside = true;
  }
  return edges;
}

std::string listed_beyond(const Edges& some, const Edges& others) {
  std::string list;
  for (const std::string& edge : some) {
    if (!others.contains(edge)) list += "\n  " + edge;
  }
  return list;
}

TEST(PoliciesDocument, DrawsTheStepsOfAReplica) {
  std::ifstream page("docs/policies.md");
  ASSERT_TRUE(page.is_open()) << "docs/policies.md is not here: start the unit tests from the "
                                 "top folder of the sources";
  const Edges drawn = edges_of_picture(page);
  const Edges taken = edges_of_table();
  EXPECT_EQ(listed_beyond(drawn, taken), "") << "drawn, and not in kSteps";
  EXPECT_EQ(listed_beyond(taken, drawn), "") << "in kSteps, and not drawn";
}

}  // namespace
}  // namespace hydrinit
