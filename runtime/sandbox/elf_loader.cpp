#include "runtime/sandbox/elf_loader.h"

#include <array>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <link.h>

namespace troupe::sandbox {
namespace {

constexpr std::size_t kHeadBytes = 4096;

}  // namespace

std::string elf_loader(const std::string& program) {
  std::array<char, kHeadBytes> bytes{};
  std::ifstream file(program, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  const auto size = static_cast<std::size_t>(file.gcount());

  ElfW(Ehdr) header;
  if (size < sizeof header) return "";
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(ElfW(Phdr)))
    return "";
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    if (header.e_phoff > size || size - header.e_phoff < (i + 1) * sizeof segment) return "";
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) return "";
    const char* begin = bytes.data() + segment.p_offset;
    return std::string(begin, ::strnlen(begin, segment.p_filesz));
  }
  return "";
}

}  // namespace troupe::sandbox
