#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A block of facts as the configuration gives it: see Block.
struct BlockSettings {
  std::string label;
  std::string description;    ///< for the agent: what belongs into it
  std::string value;          ///< before the first edit
  std::int64_t limit = 2000;  ///< characters
  bool read_only = false;
};

/// What an agent remembers of a conversation. Each type has its own keys: see memory_keys().
struct MemorySettings {
  std::string type = "buffer";  ///< one of memory_types()
  int turns = 10;               ///< window, facts: how many of the last turns
  /// token_buffer, summary, summary_buffer, plugin/NAME: of all that is recalled, notes included.
  std::int64_t max_tokens = 2000;
  std::string model;                  ///< summary, summary_buffer: who writes it; "": the agent's own model
  int k = 4;                          ///< vector: how many earlier turns that are like the message
  std::string embedding;              ///< vector: key in `embeddings:`; "": `default`
  std::vector<BlockSettings> blocks;  ///< facts
  bool steps = false;                 ///< also the tool calls between a message and its answer
  Json options = Json::object();      ///< plugin/NAME: what it is told
};

inline constexpr int kMemoryTurnsMax = 10'000;
inline constexpr std::int64_t kMemoryTokensMin = 200;  // notes and a turn, both with their marks
inline constexpr std::int64_t kMemoryTokensMax = 200'000;
inline constexpr int kMemoryKMax = 50;
inline constexpr std::size_t kBlocksMax = 32;
inline constexpr std::int64_t kBlockCharactersMax = 20'000;  // of one block
inline constexpr std::size_t kBlockLabelBytes = 50;

/// The memory kinds there are, in the order they are shown; `plugin/NAME` stands for all of plugins.
std::vector<std::string_view> memory_types();

/// The memory of a plugin that a type names, NAME or NAME/SERVICE of plugin/NAME; "" for any other type.
std::string_view memory_of_plugin(std::string_view type);

/// The keys of a type beside `type`; none for one that does not exist.
std::span<const std::string_view> memory_keys(std::string_view type);

struct SettingProblem {
  std::string key;
  std::string message;
  bool operator==(const SettingProblem&) const = default;
};

/// Everything that is wrong: an unknown type, a key among `given` (those that were written down) that does
/// not belong to the type, a value out of its range, a block without or with another's label, or whose value
/// is over its limit. Empty: all is well. Pure.
std::vector<SettingProblem> check_memory(const MemorySettings& settings,
                                         std::span<const std::string> given = {});

}  // namespace troupe::memory
