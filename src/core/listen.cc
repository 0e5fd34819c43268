#include "core/listen.h"

#include "core/text.h"

namespace hydrinit {
namespace {

constexpr int kPortMax = 65535;

bool ends(char c) { return c == ',' || c == '\0'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char upper = to_upper(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

// 127.0.0.1
bool take_v4(const char*& cursor, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && *cursor++ != '.') return false;
    const std::int64_t byte = take_number(cursor, 255);
    if (byte < 0) return false;
    out[i] = static_cast<std::uint8_t>(byte);
  }
  return true;
}

// 2001:db8::1, without a dotted end and without a zone (RFC 4291, 2.2).
bool take_v6(const char*& cursor, std::uint8_t (&out)[16]) {
  int size = 0;
  int gap = -1;  // where :: stands
  while (*cursor != ']') {
    if (*cursor == ':') {
      ++cursor;
      const bool twice = *cursor == ':';
      // One colon only between two numbers; the gap only once.
      if (twice ? gap >= 0 : size == 0) return false;
      if (twice) {
        gap = size;
        ++cursor;
        if (*cursor == ']') break;
      }
    } else if (size > 0) {
      return false;
    }
    if (size == 16) return false;
    int value = 0;
    int digits = 0;
    for (; digits < 4 && hex_digit(*cursor) >= 0; ++cursor, ++digits)
      value = value * 16 + hex_digit(*cursor);
    if (digits == 0) return false;  // a fifth one is no colon
    out[size++] = static_cast<std::uint8_t>(value >> 8);
    out[size++] = static_cast<std::uint8_t>(value);
  }
  if (gap < 0) return size == 16;
  if (size > 14) return false;
  // What stands behind the gap moves to the end.
  for (int i = size - 1; i >= gap; --i) {
    out[i + 16 - size] = out[i];
    out[i] = 0;
  }
  return true;
}

bool take_address(const char*& cursor, ListenSpec& out) {
  SocketAddress& address = out.address;
  const char* look = cursor;
  while (is_digit(*look)) ++look;
  if (ends(*look)) {
    out.any = true;
    address.family = SocketAddress::kV6;
  } else if (*cursor == '[') {
    address.family = SocketAddress::kV6;
    if (!take_v6(++cursor, address.v6) || *cursor++ != ']' || *cursor++ != ':') return false;
  } else {
    address.family = SocketAddress::kV4;
    if (!take_v4(cursor, address.v4) || *cursor++ != ':') return false;
  }
  const int port = take_port(cursor);
  address.set_port(port);
  return port != 0;
}

// NAME= before the rest; what has a colon or a slash is no name (sd_listen_fds(3) separates names
// by colons).
void take_name(const char*& cursor, ListenSpec& out) {
  const char* look = cursor;
  while (*look > ' ' && *look != ':' && *look != '/' && *look != '[' && *look != '=' &&
         *look != ',')
    ++look;
  const auto length = look - cursor;
  if (*look != '=' || length == 0 || length > kListenNameMax) return;
  out.name = cursor;
  out.name_length = static_cast<std::uint8_t>(length);
  cursor = look + 1;
}

}  // namespace

int take_port(const char*& cursor) {
  const auto port = static_cast<int>(take_number(cursor, kPortMax));
  return port > 0 ? port : 0;
}

bool take_listen(const char*& cursor, ListenSpec& out) {
  take_name(cursor, out);
  out.text = cursor;
  bool good = false;
  if (begins(cursor, "unix:")) {
    out.kind = ListenSpec::Kind::unix_stream;
    cursor += ListenSpec::kUnixPrefix;
    const char* const path = cursor;
    while (!ends(*cursor)) ++cursor;
    good = cursor != path && cursor - path < kUnixPathMax;
  } else {
    const char* const udp = after(cursor, "udp:");
    if (udp != nullptr) {
      out.kind = ListenSpec::Kind::udp;
      cursor = udp;
    }
    good = take_address(cursor, out);
  }
  out.length = static_cast<std::uint8_t>(cursor - out.text);
  return good && ends(*cursor);
}

ListenSpec listen_of(const char* item) {
  ListenSpec spec;
  (void)take_listen(item, spec);
  return spec;
}

}  // namespace hydrinit
