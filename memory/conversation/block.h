#pragma once

#include "memory/conversation/settings.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A named piece of an agent's prompt that the agent keeps up to date by itself (MemGPT's core memory,
/// https://arxiv.org/abs/2310.08560). Agents that have a block of the same label in one session share it.
struct Block {
  std::string label;
  std::string description;
  std::string value;
  std::int64_t limit = 2000;  ///< characters (code points)
  bool read_only = false;     ///< by agents
  std::int64_t version = 0;   ///< 0: as configured; each edit counts one
  bool operator==(const Block&) const = default;
};

/// Code points of a text, for limits.
std::int64_t characters_of(std::string_view text);

/// Errors, each naming the block: invalid (a label that is not letters, digits, `_` and `-`; a limit out of
/// range; a value that could end a block's frame in the prompt), too_large (a value over the limit).
Result<Block> make_block(const BlockSettings& settings);
/// The same rules for a value that a block is to have.
Result<> check_value(const Block& block, std::string_view value);

/// Blocks as they stand in a prompt: framed, with label, description, characters used and there are, and
/// version. "" for none. What is in them is data: no value can end its frame.
std::string render_blocks(std::span<const Block> blocks);

/// What a fact `memory.block` says: one new version of a block.
struct BlockVersion {
  std::string label;
  std::string value;
  std::int64_t version = 0;
  std::string agent;  ///< who wrote it
  bool operator==(const BlockVersion&) const = default;
};
Json to_json(const BlockVersion& version);
/// Errors: store (a fact that does not read).
Result<BlockVersion> block_version_from(const Json& fact);

/// The blocks of an agent as they are now: as configured, with the highest version of each that was written
/// down, by whichever agent, in any order. Versions of labels that the agent does not have are nothing to it.
/// A value over a limit that was lowered since stays, and can only be made shorter. Pure.
std::vector<Block> fold_blocks(std::vector<Block> configured, std::span<const BlockVersion> versions);

}  // namespace troupe::memory
