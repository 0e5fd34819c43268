// What --listen names: [NAME=]PORT, HOST:PORT, [V6]:PORT, unix:PATH, and udp: before the first
// three. Addresses are numbers; names are not looked up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hydrinit {

// A socket address as the kernel has it (ip(7), ipv6(7)): the family in the machine's byte order,
// the port and the address in the network's. Big enough for both, not for a path.
struct SocketAddress {
  static constexpr std::uint16_t kV4 = 2;   // AF_INET
  static constexpr std::uint16_t kV6 = 10;  // AF_INET6
  static constexpr std::size_t kSizeV4 = 16;
  static constexpr std::size_t kSizeV6 = 28;

  std::uint16_t family = 0;
  std::uint8_t port_bytes[2]{};
  std::uint8_t v4[4]{};  // of IPv6 the flow label
  std::uint8_t v6[16]{};
  std::uint8_t scope[4]{};

  std::size_t size() const { return family == kV4 ? kSizeV4 : kSizeV6; }
  int port() const { return port_bytes[0] << 8 | port_bytes[1]; }
  void set_port(int port) {
    port_bytes[0] = static_cast<std::uint8_t>(port >> 8);
    port_bytes[1] = static_cast<std::uint8_t>(port);
  }
};
static_assert(sizeof(SocketAddress) == SocketAddress::kSizeV6);

struct ListenSpec {
  enum class Kind : std::uint8_t { tcp, udp, unix_stream };
  Kind kind = Kind::tcp;
  bool any = false;  // a bare port: both families, or IPv4 where there is no IPv6
  std::uint8_t name_length = 0;
  std::uint8_t length = 0;  // of text, without the name
  const char* name = "";    // not terminated
  const char* text = "";    // as it was given, not terminated; a path begins kUnixPrefix behind it
  SocketAddress address{};  // not of unix_stream

  static constexpr int kUnixPrefix = 5;  // "unix:"
};

// The first descriptor that is passed: SD_LISTEN_FDS_START (sd_listen_fds(3)).
inline constexpr int kListenFdFirst = 3;
// How many --listen can name.
inline constexpr std::size_t kListenMax = 16;
// A name in LISTEN_FDNAMES.
inline constexpr int kListenNameMax = 31;
// sun_path (unix(7)), with the zero behind it.
inline constexpr int kUnixPathMax = 108;

// Reads one, up to a comma or the end of the text; the cursor moves there. False: it is none.
bool take_listen(const char*& cursor, ListenSpec& out);

// One that take_listen() has taken before.
ListenSpec listen_of(const char* item);

// A port, 1 to 65535; 0 for all else.
int take_port(const char*& cursor);

}  // namespace hydrinit
