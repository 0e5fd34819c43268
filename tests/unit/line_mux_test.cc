#include "core/line_mux.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace hydrinit {
namespace {

constexpr std::int64_t kTime = 1795547221123;  // 2026-11-24T19:07:01.123Z

LineSource prefix(int replica = 2) { return {.replica = replica}; }
LineSource json(int replica = 2, bool error = false) {
  return {.format = LogFormat::json, .error = error, .replica = replica, .time_ms = kTime};
}
// What stands before the line's own text.
const std::string kJsonHead =
    "{\"time\":\"2026-11-24T19:07:01.123Z\",\"replica\":2,\"stream\":\"stdout\",\"line\":\"";

// A stream, whose output is taken whenever there is no more room.
class Stream {
 public:
  explicit Stream(const LineSource& source, std::size_t room = LineMux::kRoomMax)
      : room_(room), kept_(kLineMax) {
    mux_.set_room(room_.data(), static_cast<std::uint32_t>(room));
    mux_.set_source(source);
  }
  Stream& feed(const std::string& text) {
    // In memory of its own, where reading too far is seen.
    const std::vector<char> input(text.begin(), text.end());
    for (std::size_t at = 0; at < input.size();) {
      const std::uint32_t taken =
          mux_.feed({input.data() + at, input.size() - at}, tail_, kept_.data());
      at += taken;
      if (at < input.size() && mux_.pending().empty()) {
        ADD_FAILURE() << "it takes nothing, though there is room";
        break;
      }
      take();
    }
    return *this;
  }
  Stream& end() {
    if (tail_.size > 0) feed("\n");
    return *this;
  }
  std::string out() {
    std::string text;
    text.swap(out_);
    return text;
  }
  const LineTail& tail() const { return tail_; }

 private:
  void take() {
    out_ += mux_.pending();
    mux_.take(mux_.pending().size());
  }
  std::vector<char> room_;
  std::vector<char> kept_;
  LineTail tail_{};
  LineMux mux_{};
  std::string out_{};
};

// The simple model.
std::string prefixed(const std::string& text, const std::string& mark) {
  std::string out;
  std::string line;
  bool continued = false;
  const auto put = [&] {
    out += "[" + mark + (continued ? "+] " : "] ") + line + "\n";
    line.clear();
  };
  for (char c : text) {
    if (c == '\n') {
      put();
      continued = false;
      continue;
    }
    if (line.size() == kLineMax) {
      put();
      continued = true;
    }
    line += c;
  }
  if (!line.empty()) put();
  return out;
}

TEST(LineMux, EachLineSaysWhoseItIs) {
  EXPECT_EQ(Stream(prefix()).feed("one\ntwo\n").out(), "[2] one\n[2] two\n");
  EXPECT_EQ(Stream(prefix(10)).feed("one\n").out(), "[10] one\n");
}

TEST(LineMux, BlankLinesAreKept) {
  EXPECT_EQ(Stream(prefix()).feed("\n\na\n\n").out(), "[2] \n[2] \n[2] a\n[2] \n");
}

TEST(LineMux, LineWaitsForItsEnd) {
  Stream stream(prefix());
  EXPECT_EQ(stream.feed("be").out(), "");
  EXPECT_EQ(stream.feed("gin").out(), "");
  EXPECT_EQ(stream.feed("\nnext").out(), "[2] begin\n");
  EXPECT_EQ(stream.end().out(), "[2] next\n");
  EXPECT_EQ(stream.end().out(), "");
}

TEST(LineMux, BytesPassAsTheyAre) {
  const std::string binary("\0\1\r\x7f\x80\xff\x1b[0m", 10);
  EXPECT_EQ(Stream(prefix()).feed(binary + "\n").out(), "[2] " + binary + "\n");
}

TEST(LineMux, ColourIsThePrefixsOnly) {
  LineSource source = prefix(7);
  source.colour = true;
  EXPECT_EQ(Stream(source).feed("a\n").out(), "\x1b[32m[7]\x1b[0m a\n");
}

TEST(LineMux, LongestLineStaysWhole) {
  const std::string line(kLineMax, 'x');
  EXPECT_EQ(Stream(prefix()).feed(line + "\n").out(), "[2] " + line + "\n");
  EXPECT_EQ(Stream(json()).feed(line + "\n").out(), kJsonHead + line + "\"}\n");
  EXPECT_EQ(Stream(prefix()).feed(line).end().out(), "[2] " + line + "\n");
}

TEST(LineMux, LongerLineGoesOutInMarkedPieces) {
  const std::string line(kLineMax, 'x');
  EXPECT_EQ(Stream(prefix()).feed(line + "y\nz\n").out(), "[2] " + line + "\n[2+] y\n[2] z\n");
  EXPECT_EQ(Stream(prefix()).feed(line + line).feed("y").end().out(),
            "[2] " + line + "\n[2+] " + line + "\n[2+] y\n");
  std::string marked = kJsonHead;
  marked.insert(marked.find(",\"line\""), ",\"continued\":true");
  EXPECT_EQ(Stream(json()).feed(line + "y\nz\n").out(),
            kJsonHead + line + "\"}\n" + marked + "y\"}\n" + kJsonHead + "z\"}\n");
}

TEST(LineMux, JsonTellsStreamAndSpeaker) {
  EXPECT_EQ(Stream(json()).feed("a\n").out(), kJsonHead + "a\"}\n");
  EXPECT_NE(Stream(json(2, true)).feed("a\n").out().find("\"stream\":\"stderr\""),
            std::string::npos);
  EXPECT_EQ(Stream(json(LineSource::kItself)).feed("a\n").out(),
            "{\"time\":\"2026-11-24T19:07:01.123Z\",\"stream\":\"hydrinit\",\"line\":\"a\"}\n");
}

std::string time_of(std::int64_t ms) {
  LineSource source = json();
  source.time_ms = ms;
  return Stream(source).feed("\n").out().substr(9, 24);
}

TEST(LineMux, TimeIsTheCalendars) {
  EXPECT_EQ(time_of(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_of(86399999), "1970-01-01T23:59:59.999Z");
  EXPECT_EQ(time_of(951782400000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(time_of(951868800045), "2000-03-01T00:00:00.045Z");
  EXPECT_EQ(time_of(1709251199007), "2024-02-29T23:59:59.007Z");
  EXPECT_EQ(time_of(4102444799999), "2099-12-31T23:59:59.999Z");
  for (std::int64_t day = 0; day < 47482; day += 13) {
    const std::time_t seconds = day * 86400;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT00:00:00.000Z", &parts);
    ASSERT_EQ(time_of(day * 86400000), text);
  }
}

std::string escaped(const std::string& line) {
  const std::string out = Stream(json()).feed(line + "\n").out();
  EXPECT_EQ(out.substr(0, kJsonHead.size()), kJsonHead);
  return out.substr(kJsonHead.size(), out.size() - kJsonHead.size() - 3);
}

TEST(LineMux, JsonEscapes) {
  EXPECT_EQ(escaped("a\"b\\c/"), "a\\\"b\\\\c/");
  EXPECT_EQ(escaped(std::string("\0\1\t\r\x1f\x7f", 6)), "\\u0000\\u0001\\u0009\\u000d\\u001f\x7f");
}

TEST(LineMux, JsonKeepsUtf8AndEscapesOtherBytes) {
  for (const char* good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(escaped(good), good);
    EXPECT_EQ(escaped(std::string("a") + good + "b"), std::string("a") + good + "b");
  }
  EXPECT_EQ(escaped("\x80"), "\\u0080");
  EXPECT_EQ(escaped("gr\xfc\xdf"), "gr\\u00fc\\u00df");
  EXPECT_EQ(escaped("\xc0\x80"), "\\u00c0\\u0080");
  EXPECT_EQ(escaped("\xc1\xbf"), "\\u00c1\\u00bf");
  EXPECT_EQ(escaped("\xe0\x9f\xbf"), "\\u00e0\\u009f\\u00bf");
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080");
  EXPECT_EQ(escaped("\xf0\x8f\xbf\xbf"), "\\u00f0\\u008f\\u00bf\\u00bf");
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\u00f4\\u0090\\u0080\\u0080");
  EXPECT_EQ(escaped("\xf8\x88\x80\x80\x80"), "\\u00f8\\u0088\\u0080\\u0080\\u0080");
  EXPECT_EQ(escaped("\xff"), "\\u00ff");
  EXPECT_EQ(escaped("\xe2\x82"), "\\u00e2\\u0082");
  EXPECT_EQ(escaped("\xe2\x82\xc3\xa9"), "\\u00e2\\u0082\xc3\xa9");
  EXPECT_EQ(escaped("\xc3\""), "\\u00c3\\\"");
}

TEST(LineMux, CharacterThatIsReadInTwoPartsStaysWhole) {
  Stream stream(json());
  stream.feed("\xe2");
  stream.feed("\x82");
  EXPECT_EQ(stream.feed("\xac\n").out(), kJsonHead + "\xe2\x82\xac\"}\n");
}

TEST(LineMux, LineOfNothingButEscapesHasRoom) {
  const std::string line(kLineMax, '\1');
  const std::string out = Stream(json()).feed(line + "\n").out();
  EXPECT_EQ(out.size(), kJsonHead.size() + 6 * kLineMax + 3);
}

TEST(LineMux, RandomSplitsGiveWhatTheModelGives) {
  std::mt19937 random(5);
  const auto below = [&](unsigned limit) { return static_cast<std::size_t>(random() % limit); };
  for (int round = 0; round < 60; ++round) {
    std::string text;
    while (text.size() < 300000) {
      const std::size_t kind = below(20);
      const std::size_t length = kind == 0   ? kLineMax - 2 + below(5)
                                 : kind == 1 ? below(200000)
                                             : below(120);
      for (std::size_t i = 0; i < length; ++i) text += static_cast<char>(random() | 16);
      if (kind != 2) text += '\n';
    }
    Stream stream(prefix(1));
    const unsigned largest = round % 3 == 0 ? 100000 : round % 3 == 1 ? 65536 : 300;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = std::min(text.size() - at, below(largest) + 1);
      stream.feed(text.substr(at, size));
      at += size;
    }
    // Not EXPECT_EQ, which would print all of it.
    EXPECT_TRUE(stream.end().out() == prefixed(text, "1")) << "round " << round;
  }
}

TEST(LineMux, OwnLinesGoBehindThoseThatWait) {
  std::vector<char> room(LineMux::kRoomMax);
  std::vector<char> kept(kLineMax);
  LineMux mux;
  LineTail tail;
  mux.set_room(room.data(), LineMux::kRoomMax);
  mux.set_source(prefix());
  EXPECT_EQ(mux.feed("one\n", tail, kept.data()), 4U);
  mux.take(3);
  EXPECT_TRUE(mux.append("hydrinit: two\n"));
  EXPECT_EQ(mux.pending(), " one\nhydrinit: two\n");
  EXPECT_FALSE(mux.append(std::string(LineMux::kRoomMax, 'x')));
  mux.take(mux.pending().size());
  EXPECT_TRUE(mux.append(std::string(LineMux::kRoomMax, 'x')));
}

}  // namespace
}  // namespace hydrinit
