#pragma once

#include "memory/conversation/block.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::memory {

/// One change of a block. `version`, where it is given, is the one that the editor has seen.
struct BlockEdit {
  enum class Kind { append, replace, set };
  Kind kind = Kind::set;
  std::string label;
  std::string old_text;  ///< replace: stands exactly once in the value
  std::string new_text;  ///< append: a line of its own at the end; replace; set: the whole value
  std::optional<std::int64_t> version;
};

/// The next version of the block that is edited. Errors, for a model to act on, which change nothing:
/// not_found (no such block: those there are; the old text is not in it), denied (read only), conflict
/// (another version now, with its value), invalid (the old text is empty, stands there more than once, or
/// nothing would change; a value that could end a frame), too_large (by how much). Pure.
Result<Block> edited(std::span<const Block> blocks, const BlockEdit& edit);

/// A tool by which an agent edits its blocks. The first two are named as in MemGPT and Letta, whose agents
/// models have been trained on.
struct BlockTool {
  std::string_view name;
  std::string_view description;
  std::string_view schema;  ///< JSON Schema of the input, as text
  BlockEdit::Kind kind;
};
/// core_memory_append, core_memory_replace, core_memory_set.
std::span<const BlockTool> block_tools();

/// A call's input, which fits the tool's schema, as an edit. Errors: invalid (it does not fit after all).
Result<BlockEdit> edit_from(const BlockTool& tool, const Json& input);

/// What the agent is told when it worked: how full the block is now.
std::string told(const Block& block);

}  // namespace troupe::memory
