#include "tools/builtin/files/files_tool.h"

#include "tools/names.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using Operation = FilesTool::Operation;

struct Row {
  Operation operation;
  const char* name;
  const char* description;
  const char* schema;
};

constexpr Row kRows[] = {
    {Operation::list, "list",
     "Lists the files and folders of a folder, with sizes. Paths are relative; leave `path` out for the top. "
     "A name in quotes has control characters, escaped as in JSON: give it back as that JSON string.",
     R"json({"type": "object", "properties": {
       "path": {"type": "string", "description": "a folder, such as docs/2024"},
       "depth": {"type": "integer", "minimum": 1, "maximum": 16, "description": "how many folders deep; 1: only this one"}
     }, "additionalProperties": false})json"},
    {Operation::read, "read", "Reads a text file, all of it or some lines.",
     R"json({"type": "object", "properties": {
       "path": {"type": "string", "minLength": 1, "description": "such as docs/notes.md"},
       "from_line": {"type": "integer", "minimum": 1, "description": "where to begin; 1: the first line"},
       "from_byte": {"type": "integer", "minimum": 1, "description": "where to begin in that line, for one too long to be shown at once; 1: its first byte"},
       "lines": {"type": "integer", "minimum": 1, "description": "how many lines; without it all that fit"}
     }, "required": ["path"], "additionalProperties": false})json"},
    {Operation::search, "search",
     "Finds the lines that have a text, in all files below a folder; gives PATH:LINE: TEXT for each.",
     R"json({"type": "object", "properties": {
       "query": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "words as they stand in the line; no pattern"},
       "path": {"type": "string", "description": "only below this folder"},
       "name": {"type": "string", "maxLength": 200, "description": "only files of this name; * and ? stand for anything: *.md"},
       "case_sensitive": {"type": "boolean"}
     }, "required": ["query"], "additionalProperties": false})json"},
    {Operation::write, "write",
     "Writes a text file whole, in the place of what was there; folders on the way are made.",
     R"json({"type": "object", "properties": {
       "path": {"type": "string", "minLength": 1, "description": "such as docs/notes.md"},
       "text": {"type": "string", "description": "the whole text of the file"}
     }, "required": ["path", "text"], "additionalProperties": false})json"},
};

// The last one writes.
std::span<const Row> offered(const ToolSettings& settings) {
  return std::span(kRows).first(std::size(kRows) - (settings.writable ? 0 : 1));
}

const Row& row_of(Operation operation) {
  return *std::ranges::find(kRows, operation, &Row::operation);
}

std::size_t count_in(const Json& arguments, const char* name, std::size_t fallback) {
  const Json* value = find(arguments, name);
  if (!value || !value->is_number()) return fallback;
  constexpr double kMost = 1e9;
  return static_cast<std::size_t>(std::clamp(value->get<double>(), 0.0, kMost));
}

bool flag_in(const Json& arguments, const char* name) {
  const Json* value = find(arguments, name);
  return value && value->is_boolean() && value->get<bool>();
}

// On whatever thread: of its own values only.
Result<std::string> carry_out(Operation operation, const std::string& folder, const Json& arguments,
                              const files::Bounds& bounds) {
  auto root = FolderBeneath::open(folder);
  if (!root) return fail(std::move(root.error()));
  auto path = FolderBeneath::plain(string_or(arguments, "path"));
  if (!path) return fail(std::move(path.error()));
  switch (operation) {
    case Operation::read:
      return files::read(*root, *path,
                         {.from_line = count_in(arguments, "from_line", 1),
                          .from_byte = count_in(arguments, "from_byte", 1),
                          .lines = count_in(arguments, "lines", 0)},
                         bounds);
    case Operation::list:
      return files::list(*root, *path, static_cast<int>(count_in(arguments, "depth", 1)), bounds);
    case Operation::search:
      return files::search(*root, *path,
                           {.text = string_or(arguments, "query"),
                            .case_matters = flag_in(arguments, "case_sensitive"),
                            .name = string_or(arguments, "name")},
                           bounds);
    case Operation::write: {
      const Json* text = find(arguments, "text");
      if (!text || !text->is_string())
        return fail(ErrorCode::invalid, "`text` is missing: the whole text of the file");
      return files::write(*root, *path, text->get<std::string>(), bounds);
    }
  }
  return fail(ErrorCode::internal, "no such operation");
}

}  // namespace

Result<ToolTable> FilesTool::make(const ToolSettings& settings, const ToolServices& services) {
  if (settings.root.empty())
    return fail(ErrorCode::invalid, "`root` is missing: the folder that it works in");
  ToolTable table;
  PartNames names(settings.name);
  for (const Row& row : offered(settings))
    table.emplace(names.next(row.name),
                  std::shared_ptr<Tool>(new FilesTool(row.operation, settings, services.workers)));
  return table;
}

std::vector<std::string> FilesTool::names(const ToolSettings& settings) {
  std::vector<std::string> made;
  PartNames names(settings.name);
  for (const Row& row : offered(settings)) made.push_back(names.next(row.name));
  return made;
}

FilesTool::FilesTool(Operation operation, const ToolSettings& settings, Workers* workers)
    : operation_(operation),
      root_(settings.root),
      bounds_{.bytes = settings.max_bytes, .entries = settings.entries_max},
      workers_(workers) {
  const Row& row = row_of(operation);
  const std::string of_what = settings.description.empty() ? "" : " " + settings.description;
  spec_.declaration = {.name = settings.name + "__" + row.name,
                       .description = row.description + of_what,
                       .schema = row.schema};
  spec_.effect = operation == Operation::write ? Effect::idempotent : Effect::pure;
}

Task<Result<ToolOutput>> FilesTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
  auto work = [operation = operation_, root = root_, arguments = std::move(input.arguments),
               bounds = bounds_] { return carry_out(operation, root, arguments, bounds); };
  auto text = workers_ ? co_await offload(context.loop, *workers_, std::move(work)) : work();
  if (!text) co_return fail(std::move(text.error()));
  co_return ToolOutput{.text = std::move(*text)};
}

}  // namespace troupe::tools
