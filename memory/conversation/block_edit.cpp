#include "memory/conversation/block_edit.h"

#include "runtime/base/suggest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::memory {

namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

Result<std::string> replaced(const Block& block, const BlockEdit& edit) {
  if (edit.old_text.empty())
    return fail(ErrorCode::invalid, fmt::format("block `{}`: the text to be replaced is empty; to add text, "
                                                "append it",
                                                block.label));
  const std::size_t found = count_of(block.value, edit.old_text);
  if (found == 0)
    return fail(ErrorCode::not_found,
                fmt::format("block `{}` does not have the text to be replaced; it must be the same letter by "
                            "letter. Its value is now:\n{}",
                            block.label, block.value));
  if (found > 1)
    return fail(
        ErrorCode::invalid,
        fmt::format("block `{}` has the text to be replaced {} times: give more of what stands around "
                    "the one that is meant",
                    block.label, found));
  std::string value = block.value;
  value.replace(value.find(edit.old_text), edit.old_text.size(), edit.new_text);
  return value;
}

Result<std::string> value_after(const Block& block, const BlockEdit& edit) {
  switch (edit.kind) {
    case BlockEdit::Kind::append:
      return block.value.empty() || edit.new_text.empty() ? block.value + edit.new_text
                                                          : block.value + '\n' + edit.new_text;
    case BlockEdit::Kind::replace:
      return replaced(block, edit);
    case BlockEdit::Kind::set:
      break;
  }
  return edit.new_text;
}

std::unexpected<Error> unknown(std::span<const Block> blocks, const std::string& label) {
  std::vector<std::string> labels;
  for (const Block& block : blocks) labels.push_back(block.label);
  return fail(ErrorCode::not_found,
              fmt::format("there is no block `{}`{}; there {}: {}", label, did_you_mean(label, labels),
                          labels.size() == 1 ? "is" : "are", fmt::join(labels, ", ")));
}

constexpr std::array kTools = {
    BlockTool{"core_memory_append",
              "Adds a line to a block of your memory. You see the block in every later conversation turn.",
              R"({"type":"object","properties":{
"label":{"type":"string","description":"which block"},
"content":{"type":"string","description":"the line to add"},
"version":{"type":"integer","description":"the block's version as you see it; refused if somebody has changed it since"}},
"required":["label","content"],"additionalProperties":false})",
              BlockEdit::Kind::append},
    BlockTool{"core_memory_replace",
              "Replaces a text in a block of your memory, or removes it: then new_content is empty.",
              R"({"type":"object","properties":{
"label":{"type":"string","description":"which block"},
"old_content":{"type":"string","description":"the text to replace, exactly as it stands there, once"},
"new_content":{"type":"string","description":"what stands there instead"},
"version":{"type":"integer","description":"the block's version as you see it; refused if somebody has changed it since"}},
"required":["label","old_content","new_content"],"additionalProperties":false})",
              BlockEdit::Kind::replace},
    BlockTool{"core_memory_set", "Writes a whole block of your memory anew. What was in it is gone.",
              R"({"type":"object","properties":{
"label":{"type":"string","description":"which block"},
"content":{"type":"string","description":"all that is to be in it"},
"version":{"type":"integer","description":"the block's version as you see it; refused if somebody has changed it since"}},
"required":["label","content"],"additionalProperties":false})",
              BlockEdit::Kind::set},
};

const Json* text_member(const Json& input, std::string_view key) {
  const Json* member = find(input, key);
  return member && member->is_string() ? member : nullptr;
}

}  // namespace

Result<Block> edited(std::span<const Block> blocks, const BlockEdit& edit) {
  const auto found = std::ranges::find(blocks, edit.label, &Block::label);
  if (found == blocks.end()) return unknown(blocks, edit.label);
  if (found->read_only) return fail(ErrorCode::denied, fmt::format("block `{}` is read only", found->label));
  if (edit.version && *edit.version != found->version)
    return fail(ErrorCode::conflict, fmt::format("block `{}` is at version {} now, not at {}: somebody has "
                                                 "changed it. Its value is now:\n{}",
                                                 found->label, found->version, *edit.version, found->value));
  auto value = value_after(*found, edit);
  if (!value) return std::unexpected(value.error());
  if (*value == found->value)
    return fail(ErrorCode::invalid,
                fmt::format("block `{}` has that already: nothing changed", found->label));
  if (auto good = check_value(*found, *value); !good) return std::unexpected(good.error());
  Block next = *found;
  next.value = std::move(*value);
  ++next.version;
  return next;
}

std::span<const BlockTool> block_tools() {
  return kTools;
}

Result<BlockEdit> edit_from(const BlockTool& tool, const Json& input) {
  const bool replaces = tool.kind == BlockEdit::Kind::replace;
  const Json* label = text_member(input, "label");
  const Json* content = text_member(input, replaces ? "new_content" : "content");
  const Json* old_content = replaces ? text_member(input, "old_content") : content;
  if (!label || !content || !old_content)
    return fail(ErrorCode::invalid,
                fmt::format("{} needs the texts {}", tool.name,
                            replaces ? "`label`, `old_content` and `new_content`" : "`label` and `content`"));
  BlockEdit edit{
      .kind = tool.kind, .label = label->get<std::string>(), .new_text = content->get<std::string>()};
  if (replaces) edit.old_text = old_content->get<std::string>();
  if (const Json* version = find(input, "version"); version && !version->is_null()) {
    if (!version->is_number_integer())
      return fail(ErrorCode::invalid, fmt::format("{}: `version` must be a whole number", tool.name));
    edit.version = version->get<std::int64_t>();
  }
  return edit;
}

std::string told(const Block& block) {
  return fmt::format("block `{}` is at version {} now and has {} of {} characters", block.label,
                     block.version, characters_of(block.value), block.limit);
}

}  // namespace troupe::memory
