#pragma once

#include <string>

namespace troupe::sandbox {

/// The dynamic loader that the kernel executes for an ELF program (its PT_INTERP), "" for a static one, a
/// script or a file that cannot be read. Reads only the first page of the file, where every linker puts it.
std::string elf_loader(const std::string& program);

}  // namespace troupe::sandbox
