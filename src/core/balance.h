// Which of several sockets on one port is given a new connection: a classic BPF program for
// SO_ATTACH_REUSEPORT_CBPF (socket(7)). It answers with an index into the port's group of sockets,
// which is numbered in the order in which they began to listen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bpf.h"

namespace hydrinit {

// The most members of a group for which the program is short enough on every kernel: from about
// 850 on an old net.core.optmem_max refuses it.
inline constexpr int kBalancedMax = 512;
inline constexpr std::size_t kBalanceProgramMax = 2 * kBalancedMax + 2;

// Writes the program that picks one of the live members at random, each as likely as the others;
// how many instructions it has. live: their indices, all below members. With none, or all, every
// member is picked from: nobody would be served by none.
std::size_t make_balance_program(std::span<const std::uint16_t> live, int members,
                                 std::span<BpfInstruction, kBalanceProgramMax> out);

}  // namespace hydrinit
