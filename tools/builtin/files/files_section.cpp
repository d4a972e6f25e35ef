#include "tools/builtin/files/files_section.h"

#include "runtime/config/scalars.h"

namespace troupe::tools {

namespace {

constexpr std::size_t kBytesLeast = std::size_t{1} << 10;
constexpr std::size_t kBytesMost = std::size_t{16} << 20;
constexpr std::int64_t kEntriesMost = 10'000;

}  // namespace

config::Record<ToolSettings> files_section() {
  config::Record<ToolSettings> tool(
      "Files below one folder: list, read, search, and write where that is allowed");
  tool.field("description", &ToolSettings::description, config::text({.bytes_max = 4096}),
             "what the model is told that these files are");
  tool.field("root", &ToolSettings::root, config::path(config::There::directory),
             "the folder; neither `..` nor links lead out of it")
      .required();
  tool.field("writable", &ToolSettings::writable, config::boolean(), "give a tool that writes files, too");
  tool.field("max_bytes", &ToolSettings::max_bytes, config::bytes(kBytesLeast, kBytesMost),
             "of a file that is read at once, searched or written");
  tool.field("max_entries", &ToolSettings::entries_max, config::integer<std::size_t>(1, kEntriesMost),
             "of a listing, and of a search's lines");
  return tool;
}

}  // namespace troupe::tools
