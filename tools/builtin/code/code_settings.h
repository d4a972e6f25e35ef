#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::tools {

/// What a tool of type `code` may use up and read. Sizes are bytes.
struct CodeSettings {
  std::string interpreter;                           ///< absolute; "": python3 in the folders of PATH
  std::chrono::milliseconds time{10'000};            ///< of a call, from the start of its process
  std::size_t memory = std::size_t{512} << 20;       ///< address space
  std::size_t file_bytes = std::size_t{16} << 20;    ///< of one file
  std::size_t folder_bytes = std::size_t{64} << 20;  ///< of the working folder
  std::size_t output_bytes = std::size_t{6} << 10;   ///< shown of what it writes
  std::uint32_t threads = 4;                         ///< beside its first one
  std::size_t at_once = 2;                           ///< calls; others wait their turn
  std::vector<std::string> read;                     ///< paths that it may read, absolute
};

}  // namespace troupe::tools
