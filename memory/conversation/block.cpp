#include "memory/conversation/block.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::string_view kFrame = "<memory_block";
constexpr std::string_view kFrameEnd = "</memory_block";

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kBlockLabelBytes && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// A description stands in a frame's first line.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  std::ranges::replace(line, '"', '\'');
  std::ranges::replace(line, '>', ')');
  return line;
}

}  // namespace

std::int64_t characters_of(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

Result<> check_value(const Block& block, std::string_view value) {
  if (value.contains(kFrame) || value.contains(kFrameEnd))
    return fail(ErrorCode::invalid, fmt::format("block `{}` must not hold the text `{}`, which frames blocks",
                                                block.label, value.contains(kFrame) ? kFrame : kFrameEnd));
  const std::int64_t characters = characters_of(value);
  if (characters <= block.limit || characters < characters_of(block.value)) return {};
  return fail(
      ErrorCode::too_large,
      fmt::format("block `{}` would have {} characters, {} more than its limit of {}: say it shorter, "
                  "or take out what is not needed any more",
                  block.label, characters, characters - block.limit, block.limit));
}

Result<Block> make_block(const BlockSettings& settings) {
  if (!is_label(settings.label))
    return fail(ErrorCode::invalid,
                fmt::format("block label `{}` must be 1 to {} letters, digits, `_` and `-`", settings.label,
                            kBlockLabelBytes));
  if (settings.limit < 1 || settings.limit > kBlockCharactersMax)
    return fail(ErrorCode::invalid, fmt::format("block `{}`: limit is {}; it must be from 1 to {} characters",
                                                settings.label, settings.limit, kBlockCharactersMax));
  Block block{.label = settings.label,
              .description = settings.description,
              .limit = settings.limit,
              .read_only = settings.read_only};
  if (auto good = check_value(block, settings.value); !good) return std::unexpected(good.error());
  block.value = settings.value;
  return block;
}

std::string render_blocks(std::span<const Block> blocks) {
  std::string text;
  for (const Block& block : blocks) {
    text += fmt::format("{}{} label=\"{}\"", text.empty() ? "" : "\n", kFrame, block.label);
    if (!block.description.empty()) text += fmt::format(" about=\"{}\"", one_line(block.description));
    text +=
        fmt::format(" characters=\"{}/{}\" version=\"{}\"{}>\n{}\n{}>", characters_of(block.value),
                    block.limit, block.version, block.read_only ? " read_only" : "", block.value, kFrameEnd);
  }
  return text;
}

Json to_json(const BlockVersion& version) {
  return {{"label", version.label},
          {"version", version.version},
          {"agent", version.agent},
          {"value", version.value}};
}

Result<BlockVersion> block_version_from(const Json& fact) {
  BlockVersion version{.label = string_or(fact, "label"),
                       .value = string_or(fact, "value"),
                       .agent = string_or(fact, "agent")};
  const Json* number = find(fact, "version");
  const Json* value = find(fact, "value");
  if (version.label.empty() || !value || !value->is_string() || !number || !number->is_number_integer())
    return fail(ErrorCode::store, "a fact memory.block has no `label`, `value` or `version`");
  version.version = number->get<std::int64_t>();
  return version;
}

std::vector<Block> fold_blocks(std::vector<Block> configured, std::span<const BlockVersion> versions) {
  for (Block& block : configured)
    for (const BlockVersion& version : versions)
      if (version.label == block.label && version.version > block.version) {
        block.value = version.value;
        block.version = version.version;
      }
  return configured;
}

}  // namespace troupe::memory
