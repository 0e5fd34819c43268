// A replica's output, cut into reads of any size. The first byte chooses the form, the second and
// third how long the reads are.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/line_mux.h"
#include "input.h"

using namespace hydrinit;
using hydrinit_fuzz::Input;
using hydrinit_fuzz::require;

namespace {

std::string written(LogFormat format, std::string_view bytes, std::size_t cut) {
  static std::vector<char> room(LineMux::kRoomMax);
  static std::vector<char> kept(kLineMax);
  LineMux mux;
  mux.set_room(room.data(), LineMux::kRoomMax);
  LineSource source;
  source.format = format;
  source.replica = 2;
  mux.set_source(source);
  LineTail tail;
  std::string out;
  const auto flush = [&] {
    out += mux.pending();
    mux.take(mux.pending().size());
  };
  while (!bytes.empty()) {
    const std::string_view read = bytes.substr(0, cut);
    const std::uint32_t taken = mux.feed(read, tail, kept.data());
    // With an empty buffer there is room for a line.
    require(taken > 0 || !mux.pending().empty());
    flush();
    bytes.remove_prefix(taken);
  }
  if (tail.size > 0) require(mux.feed("\n", tail, kept.data()) == 1);
  flush();
  return out;
}

// Without the heads it is what went in, with a last newline.
void check_prefix(std::string_view in, std::string_view out) {
  std::string bytes;
  while (!out.empty()) {
    const std::size_t end = out.find('\n');
    require(end != std::string_view::npos);
    std::string_view line = out.substr(0, end);
    const bool continued = line.substr(0, 5) == "[2+] ";
    require(continued || line.substr(0, 4) == "[2] ");
    if (continued) bytes.pop_back();
    bytes += line.substr(continued ? 5 : 4);
    bytes += '\n';
    out.remove_prefix(end + 1);
  }
  std::string expected(in);
  if (!expected.empty() && expected.back() != '\n') expected += '\n';
  require(bytes == expected);
}

// A line each, in printable characters, whose quotes pair up.
void check_json(std::string_view in, std::string_view out) {
  const auto ends = std::count(in.begin(), in.end(), '\n');
  const bool open = !in.empty() && in.back() != '\n';
  require(in.size() >= kLineMax || std::count(out.begin(), out.end(), '\n') == ends + open);
  bool quoted = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '\n') {
      require(!quoted && out[i - 1] == '}');
      continue;
    }
    require(static_cast<unsigned char>(out[i]) >= ' ');
    if (out[i] == '\\') {
      ++i;
      require(i < out.size() && (out[i] == '"' || out[i] == '\\' || out[i] == 'u'));
    } else if (out[i] == '"') {
      quoted = !quoted;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const bool json = input.byte() % 2 != 0;
  const std::size_t cut = 1 + (input.byte() | std::size_t{input.byte()} << 8);
  std::string bytes;
  while (!input.empty()) bytes += static_cast<char>(input.byte());
  // Longer than a piece at times.
  if (!bytes.empty() && bytes[0] == '*') {
    const std::string once = bytes;
    while (bytes.size() < 3 * kLineMax) bytes += once;
  }
  const LogFormat format = json ? LogFormat::json : LogFormat::prefix;
  const std::string out = written(format, bytes, cut);
  json ? check_json(bytes, out) : check_prefix(bytes, out);
  return 0;
}
