// Classic BPF (linux/filter.h, linux/bpf_common.h): what the balance of a port and the filter of
// --share are written in.
#pragma once

#include <cstdint>

namespace hydrinit {

// struct sock_filter.
struct BpfInstruction {
  std::uint16_t code;
  std::uint8_t if_true;  // how many instructions a jump passes over
  std::uint8_t if_false;
  std::uint32_t k;
};

// struct sock_fprog.
struct BpfProgram {
  std::uint16_t size;
  const BpfInstruction* code;
};

namespace bpf {

constexpr BpfInstruction load(std::uint32_t at) { return {0x20, 0, 0, at}; }  // LD | W | ABS
constexpr BpfInstruction modulo(std::uint32_t k) { return {0x94, 0, 0, k}; }  // ALU | MOD | K
// JMP | JEQ | K and JMP | JGT | K.
constexpr BpfInstruction if_equal(std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return {0x15, yes, no, k};
}
constexpr BpfInstruction if_above(std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return {0x25, yes, no, k};
}
constexpr BpfInstruction answer(std::uint32_t k) { return {0x06, 0, 0, k}; }  // RET | K
constexpr BpfInstruction answer_loaded() { return {0x16, 0, 0, 0}; }          // RET | A

}  // namespace bpf
}  // namespace hydrinit
