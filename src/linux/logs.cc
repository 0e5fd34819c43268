#include "linux/logs.h"

#include <unistd.h>

#include <cerrno>

namespace hydrinit {
namespace {

using Kind = Links::Source::Kind;

// A read of less than this is no reason to keep more memory.
constexpr std::size_t kQuiet = 4096;

}  // namespace

Error Logs::prepare(LogFormat format, const Links& links, std::span<Entry> entries, bool colours) {
  const std::size_t size = kStreams * (kScratchSize + entries.size() * kLineMax);
  void* const memory = os::map_memory(size);
  if (memory == nullptr) return {"mmap", errno};
  os::use_small_pages(memory, size);
  memory_ = static_cast<char*>(memory);
  entries_ = entries;
  links_ = &links;
  format_ = format;
  same_ = os::same_file(STDOUT_FILENO, STDERR_FILENO);
  for (int stream = 0; stream < kStreams; ++stream) {
    const int fd = STDOUT_FILENO + stream;
    coloured_[stream] = colours && os::is_terminal(fd);
    waits_[stream] = links.watch(Kind::room, output_of(stream), fd, net::Watch::writable);
    Output& output = outputs_[stream];
    output.pipes.reset(net::open_epoll());
    if (!output.pipes.valid()) return {"epoll_create1", errno};
    links.watch(Kind::lines, stream, output.pipes.get());
  }
  return {};
}

void Logs::watch_pipes(int slot) const {
  for (int stream = 0; stream < kStreams; ++stream) {
    const int fd = in(slot).streams[stream].from;
    if (fd == 0) continue;
    net::watch(outputs_[output_of(stream)].pipes.get(), fd,
               static_cast<std::uint32_t>(slot * kStreams + stream));
  }
}

Error Logs::open(int slot) {
  Entry& entry = in(slot);
  if (entry.streams[0].from != 0) {
    end_life(slot);  // also of what had to be killed after its leader
  } else {
    entry.home = static_cast<std::int16_t>(slot);
  }
  for (Stream& stream : entry.streams) {
    stream.next = static_cast<std::int16_t>(slot);
    if (!stream.ended) stream.number = stream.next;
    if (stream.from != 0) {
      os::clear_status_flags(stream.to);
      continue;
    }
    Fd from;
    Fd to;
    const Error error = net::open_pipe(from, to);
    if (error.failed()) return error;
    stream.from = from.release();
    stream.to = to.release();
  }
  watch_pipes(slot);
  return {};
}

void Logs::end_life(int slot) {
  for (int i = 0; i < kStreams; ++i) {
    Stream& stream = in(slot).streams[i];
    // One that waits for its end already: the next life's bytes come behind it.
    if (stream.from == 0 || stream.ended) continue;
    stream.left = os::readable_bytes(stream.from);
    stream.ended = true;
    const int output = output_of(i);
    ++outputs_[output].ended;
    while (stream.ended && !outputs_[output].blocked) take(slot, i);
  }
}

void Logs::swap(int one, int other) {
  if (!prepared()) return;
  for (int slot : {one, other}) {
    if (in(slot).streams[0].from == 0) in(slot).home = static_cast<std::int16_t>(slot);
  }
  const Entry entry = in(one);
  in(one) = in(other);
  in(other) = entry;
  for (Output& output : outputs_) {
    if (output.slot == one || output.slot == other) output.slot ^= one ^ other;
  }
  watch_pipes(one);
  watch_pipes(other);
}

void Logs::read(int output) {
  net::Happened happened[net::kHappenedMax];
  const int count = net::wait(outputs_[output].pipes.get(), happened);
  for (int i = 0; i < count && !outputs_[output].blocked; ++i) {
    const auto tag = static_cast<int>(happened[i].tag);
    take(tag / kStreams, tag % kStreams);
  }
}

// Nothing is in hand: reads once of a stream that has something, or has ended.
void Logs::take(int slot, int number) {
  Stream& stream = in(slot).streams[number];
  const int to = output_of(number);
  Output& output = outputs_[to];
  std::size_t size = kReadSize;
  if (stream.ended && stream.left < size) size = stream.left;
  const long got = size > 0 ? net::read_some(stream.from, {scratch(to), size}) : 0;
  output.slot = slot;
  output.stream = number;
  output.in_at = 0;
  output.in_end = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (stream.ended) stream.left -= static_cast<std::uint32_t>(output.in_end);
  const bool quiet = output.in_end < kQuiet;
  // What has been read is in the first page.
  if (quiet && output.loud) os::give_back(scratch(to) + kQuiet, kScratchSize - kQuiet);
  output.loud = !quiet;
  work(to);
}

// Converts and writes what is in hand, until all of it is gone or there is no room.
void Logs::work(int number) {
  Output& output = outputs_[number];
  while (write(number)) {
    output.out_end = convert(number);
    if (output.out_end == 0) return;
  }
}

// The size of the lines that are made of the next bytes in hand; 0: there are none.
std::size_t Logs::convert(int number) {
  Output& output = outputs_[number];
  Entry& entry = in(output.slot);
  Stream& stream = entry.streams[output.stream];
  const bool ends = stream.ended && stream.left == 0;
  if (output.in_at == output.in_end && !ends) return 0;
  char* const tail = kept(entry, output.stream);
  LineSource source;
  source.format = format_;
  source.colour = coloured_[output.stream];
  source.error = output.stream != 0;
  source.replica = stream.number;
  if (format_ == LogFormat::json) source.time_ms = os::wall_clock();
  LineMux mux({scratch(number) + kReadSize, LineMux::kRoomMax}, source);
  const std::string_view input{scratch(number) + output.in_at, output.in_end - output.in_at};
  output.in_at += mux.feed(input, stream.tail, tail);
  stream.kept |= stream.tail.size > 0;
  if (output.in_at < output.in_end) return mux.size();
  if (ends && mux.flush(stream.tail, tail)) {
    stream.ended = false;
    stream.number = stream.next;
    --output.ended;
  }
  if (stream.kept && stream.tail.size == 0) {
    stream.kept = false;
    os::give_back(tail, kLineMax);
  }
  return mux.size();
}

// False: there is no room for the rest.
bool Logs::write(int number) {
  Output& output = outputs_[number];
  const int fd = STDOUT_FILENO + output.stream;
  while (output.out_at < output.out_end) {
    const std::string_view text{scratch(number) + kReadSize + output.out_at,
                                output.out_end - output.out_at};
    long written = 0;
    if (waits_[output.stream]) {
      written = os::write_some(fd, text);
    } else {
      const Error error = os::write_all(fd, text);
      written = error.failed() ? -1 : static_cast<long>(text.size());
    }
    if (written == 0) {
      block(number);
      return false;
    }
    if (written < 0) {
      // Nobody reads any more, or there is no space. Replicas go on; the next line may fare better.
      if (!output.failing)
        failure_ = {output.stream == 0 ? "standard output" : "standard error", errno};
      written = static_cast<long>(text.size());
      output.failing = true;
    } else {
      output.failing = false;
    }
    output.out_at += static_cast<std::size_t>(written);
  }
  output.out_at = 0;
  output.out_end = 0;
  return true;
}

void Logs::block(int number) {
  Output& output = outputs_[number];
  output.blocked = true;
  net::unwatch(links_->epoll(), output.pipes.get());
  links_->watch(Kind::room, number, STDOUT_FILENO + output.stream, net::Watch::writable);
}

void Logs::resume(int number) {
  Output& output = outputs_[number];
  if (!output.blocked) return;
  output.blocked = false;
  work(number);
  // Those that have ended come first: their slots' next lives write behind them.
  for (std::size_t i = 0; output.ended > 0 && !output.blocked && i < entries_.size(); ++i) {
    for (int stream = 0; stream < kStreams; ++stream) {
      while (output_of(stream) == number && entries_[i].streams[stream].ended && !output.blocked)
        take(static_cast<int>(i), stream);
    }
  }
  if (!output.blocked) links_->watch(Kind::lines, number, output.pipes.get());
}

void Logs::finish() {
  if (!prepared()) return;
  const Instant end = os::now() + kLastWords;
  bool blocked = true;
  while (blocked && os::now() < end) {
    for (std::size_t i = 0; i < entries_.size(); ++i) end_life(static_cast<int>(i));
    blocked = false;
    for (int number = 0; number < kStreams; ++number) {
      const Output& output = outputs_[number];
      if (!output.blocked) continue;
      blocked = true;
      // In turns, since only one of them may have a reader.
      os::wait_writable(STDOUT_FILENO + output.stream, Millis{20});
      resume(number);
    }
  }
}

int Logs::queue(int fd, std::string_view line) {
  if (!prepared()) return -1;
  const int number = output_of(fd - STDOUT_FILENO);
  Output& output = outputs_[number];
  if (!output.blocked) return -1;
  if (output.out_end + line.size() > kOutSize) return 0;
  __builtin_memcpy(scratch(number) + kReadSize + output.out_end, line.data(), line.size());
  output.out_end += line.size();
  return 1;
}

Error Logs::take_failure() {
  const Error failure = failure_;
  failure_ = {};
  return failure;
}

}  // namespace hydrinit
