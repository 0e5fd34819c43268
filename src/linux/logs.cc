#include "linux/logs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace hydrinit {
namespace {

using Kind = Links::Source::Kind;

// A read of less than this is no reason to keep more memory.
constexpr std::size_t kQuiet = 4096;

constexpr const char* kPaths[] = {"/proc/self/fd/1", "/proc/self/fd/2"};

}  // namespace

Error Logs::prepare(LogFormat format, const Links& links, std::span<Stream> streams, bool colours) {
  const std::size_t size = kStreams * kMemory + streams.size() * kLineMax;
  auto* const memory = static_cast<char*>(os::map_memory(size));
  if (memory == nullptr) return {"mmap", errno};
  os::use_small_pages(memory, size);
  tails_ = memory + kStreams * kMemory;
  streams_ = streams;
  for (std::size_t i = 0; i < streams.size(); ++i)
    streams[i].place = static_cast<std::int16_t>(i / kStreams);
  links_ = &links;
  format_ = format;
  same_ = os::same_file(STDOUT_FILENO, STDERR_FILENO);
  for (unsigned i = 0; i < kStreams; ++i) {
    Output& output = outputs_[i];
    output.stream = i;
    output.memory = memory + i * kMemory;
    output.mux.set_room(output.memory + kReadSize, std::uint32_t{kMemory - kReadSize});
    output.pipes = net::open_epoll();
    if (output.pipes < 0) return {"epoll_create1", errno};
    if (!watch(Kind::lines, output, output.pipes, net::Watch::always)) return {"epoll_ctl", errno};
    const bool terminal = os::is_terminal(output.fd());
    coloured_[i] = colours && terminal;
    fds_[i] = output.fd();
    // A terminal with room may yet make a write wait for more of it. So we write to one of our own,
    // which can be non-blocking without being so for others. Should it not be ours to open, it is
    // as it is.
    const int own =
        terminal ? net::own(os::open_file(kPaths[i], O_WRONLY | O_NONBLOCK | O_NOCTTY)) : -1;
    if (own >= 0) fds_[i] = own;
    waits_[i] = watch(Kind::room, output, fds_[i], net::Watch::writable);
  }
  return {};
}

Error Logs::open(unsigned slot) {
  end_life(slot);  // also of what had to be killed after its leader
  const unsigned first = first_of(slot);
  for (unsigned i = first; i < first + kStreams; ++i) {
    Stream& stream = at(i);
    stream.next = static_cast<std::int16_t>(slot);
    if (!stream.ended) stream.number = stream.next;
    if (stream.from == 0) {
      Fd from;
      Fd to;
      const Error error = net::open_pipe(from, to);
      if (error.failed()) return error;
      if (!net::watch(output_of(i).pipes, from.get(), i)) return {"epoll_ctl", errno};
      stream.from = from.release();
      stream.to = to.release();
    }
    os::clear_status_flags(stream.to);
  }
  return {};
}

void Logs::end_life(unsigned slot) {
  const unsigned first = first_of(slot);
  for (unsigned i = first; i < first + kStreams; ++i) {
    Stream& stream = at(i);
    // One that waits for its end already: the next life's bytes come behind it.
    if (stream.from == 0 || stream.ended) continue;
    Output& output = output_of(i);
    stream.left = os::readable_bytes(stream.from);
    stream.ended = true;
    ++output.ended;
    while (stream.ended && !output.blocked) take(i);
  }
}

void Logs::swap(unsigned one, unsigned other) const {
  std::int16_t& place = at(one * kStreams).place;
  std::int16_t& other_place = at(other * kStreams).place;
  const std::int16_t before = place;
  place = other_place;
  other_place = before;
}

void Logs::read(int number) {
  Output& output = outputs_[number];
  net::Happened happened[net::kHappenedMax];
  const int count = net::wait(output.pipes, happened);
  for (int i = 0; i < count && !output.blocked; ++i) take(happened[i].tag);
}

// Nothing is in hand: reads once of a stream that has something, or has ended.
void Logs::take(unsigned number) {
  Stream& stream = at(number);
  Output& output = output_of(number);
  std::uint32_t size = kReadSize;
  if (stream.ended && stream.left < size) size = stream.left;
  const long got = size > 0 ? net::read_some(stream.from, {output.memory, size}) : 0;
  output.stream = number;
  output.in_at = 0;
  output.in_end = got > 0 ? static_cast<std::uint32_t>(got) : 0;
  if (stream.ended) stream.left -= output.in_end;
  const bool quiet = output.in_end < kQuiet;
  // What has been read is in the first page.
  if (quiet && output.loud) os::give_back(output.memory + kQuiet, kMemory - kQuiet);
  output.loud = !quiet;
  LineSource source;
  source.format = format_;
  source.error = output.fd() != STDOUT_FILENO;
  source.colour = coloured_[source.error];
  source.replica = stream.number;
  if (format_ == LogFormat::json) source.time_ms = os::wall_clock();
  output.mux.set_source(source);
  work(output);
}

// Converts and writes what is in hand, until all of it is gone or there is no room.
void Logs::work(Output& output) {
  do {
    if (!write(output)) {
      output.blocked = true;
      net::unwatch(links_->epoll(), output.pipes);
      watch(Kind::room, output, written_to(output), net::Watch::writable);
      return;
    }
  } while (convert(output));
}

// Makes lines of the next bytes in hand; false: there are none.
bool Logs::convert(Output& output) {
  Stream& stream = at(output.stream);
  char* const kept = tails_ + std::size_t{output.stream} * kLineMax;
  output.in_at += output.mux.feed({output.memory + output.in_at, output.in_end - output.in_at},
                                  stream.tail, kept);
  if (output.in_at < output.in_end) return true;
  if (stream.ended && stream.left == 0) {
    if (stream.tail.size > 0 && output.mux.feed("\n", stream.tail, kept) == 0) return true;
    stream.ended = false;
    stream.number = stream.next;
    --output.ended;
  }
  const bool keeps = stream.tail.size > 0;
  if (stream.kept && !keeps) os::give_back(kept, kLineMax);
  stream.kept = keeps;
  return !output.mux.pending().empty();
}

// False: there is no room for the rest.
bool Logs::write(Output& output) {
  while (!output.mux.pending().empty()) {
    const std::string_view text = output.mux.pending();
    auto written = static_cast<long>(text.size());
    if (waits_[output.fd() - 1]) {
      written = os::write_some(written_to(output), text);
    } else if (os::write_all(written_to(output), text).failed()) {
      written = -1;
    }
    if (written == 0) return false;
    const bool failed = written < 0;
    if (failed && !output.failing)
      failure_ = {output.fd() == STDOUT_FILENO ? "standard output" : "standard error", errno};
    output.failing = failed;
    // Nobody reads any more, or there is no space. Replicas go on; the next line may fare better.
    output.mux.take(failed ? text.size() : static_cast<std::size_t>(written));
  }
  return true;
}

void Logs::resume(int number) {
  Output& output = outputs_[number];
  if (!output.blocked) return;
  output.blocked = false;
  work(output);
  // Those that have ended come first: their slots' next lives write behind them.
  for (unsigned i = 0; output.ended > 0 && i < streams_.size(); ++i) {
    while (at(i).ended && !output.blocked && &output_of(i) == &output) take(i);
  }
  if (!output.blocked) watch(Kind::lines, output, output.pipes, net::Watch::always);
}

void Logs::finish() {
  const Instant end = os::now() + kLastWords;
  do {
    for (unsigned slot = 0; slot < streams_.size() / kStreams; ++slot) end_life(slot);
    if (!outputs_[0].blocked && !outputs_[1].blocked) return;
    // In turns, since only one of them may have a reader.
    for (int i = 0; i < static_cast<int>(kStreams); ++i) {
      if (outputs_[i].blocked) os::wait_writable(written_to(outputs_[i]), Millis{20});
      resume(i);
    }
  } while (os::now() < end);
}

bool Logs::say(int fd, std::string_view line) {
  Output& output = output_of(static_cast<unsigned>(fd - STDOUT_FILENO));
  if (output.blocked) return output.mux.append(line);
  return os::write_some(fds_[fd - STDOUT_FILENO], line) == static_cast<long>(line.size());
}

Error Logs::take_failure() {
  const Error failure = failure_;
  failure_ = {};
  return failure;
}

}  // namespace hydrinit
