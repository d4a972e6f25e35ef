#include "tools/builtin/code/code_section.h"

#include "runtime/config/collections.h"
#include "runtime/config/scalars.h"

#include <chrono>
#include <utility>

namespace troupe::tools {

namespace {

constexpr auto kTimeLeast = std::chrono::milliseconds(100);
constexpr auto kTimeMost = std::chrono::hours(1);
constexpr std::size_t kMemoryLeast = std::size_t{64} << 20;  // the interpreter alone maps some 30 MiB
constexpr std::size_t kMemoryMost = std::size_t{1} << 40;
constexpr std::size_t kFileMost = std::size_t{16} << 30;
constexpr std::size_t kFolderLeast = std::size_t{64} << 10;
constexpr std::size_t kOutputLeast = 256;
constexpr std::size_t kOutputMost = std::size_t{4} << 20;
constexpr std::int64_t kThreadsMost = 256;
constexpr std::int64_t kAtOnceMost = 64;
constexpr std::size_t kPathsMost = 64;

/// A member of CodeSettings.
template <class M>
auto of(M CodeSettings::* member) {
  return [member](auto& tool) -> auto& { return tool.code.*member; };
}

}  // namespace

config::Record<ToolSettings> code_section() {
  config::Record<ToolSettings> tool(
      "Python that the model writes, run in a sandbox: no network, no other processes, no files but an empty "
      "folder of each call");
  tool.field("description", &ToolSettings::description, config::text({.bytes_max = 4096}),
             "what the model is told that the code is for, beside what holds for all code");
  tool.field_at("interpreter", of(&CodeSettings::interpreter), config::path(config::There::file),
                "the Python to run it with, which may be of a virtual environment; without it the first "
                "`python3` in the folders of PATH");
  tool.field_at("timeout", of(&CodeSettings::time), config::duration(kTimeLeast, kTimeMost),
                "how long a call may run; an agent's `limits.tool_time` holds beside it");
  tool.field_at("memory", of(&CodeSettings::memory), config::bytes(kMemoryLeast, kMemoryMost),
                "address space; what needs more gets none");
  tool.field_at("max_file", of(&CodeSettings::file_bytes), config::bytes(0, kFileMost),
                "the largest file it may write");
  tool.field_at("max_folder", of(&CodeSettings::folder_bytes), config::bytes(kFolderLeast, kFileMost),
                "what its folder may hold; looked at ten times a second");
  tool.field_at("max_output", of(&CodeSettings::output_bytes), config::bytes(kOutputLeast, kOutputMost),
                "what is shown of its output, half from the beginning and half from the end");
  tool.field_at("threads", of(&CodeSettings::threads), config::integer<std::uint32_t>(0, kThreadsMost),
                "threads it may have beside its first one");
  tool.field_at("parallel", of(&CodeSettings::at_once), config::integer<std::size_t>(1, kAtOnceMost),
                "calls that run at once; others wait their turn");
  tool.field_at(
      "read", of(&CodeSettings::read),
      config::list_of(config::path(config::There::anything), "a list of paths", kPathsMost),
      "files and folders it may read beside the system's programs and libraries; where the daemon is root, "
      "they must be open to others");
  return tool;
}

}  // namespace troupe::tools
