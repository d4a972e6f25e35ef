#include "memory/conversation/settings.h"

#include "memory/conversation/block.h"
#include "models/provider_facts.h"
#include "runtime/base/suggest.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::memory {

namespace {

struct Kind {
  std::string_view type;
  std::vector<std::string_view> keys;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kKinds = {
      {"none", {}},
      {"buffer", {"steps"}},
      {"window", {"turns", "steps"}},
      {"token_buffer", {"max_tokens", "steps"}},
      {"summary", {"max_tokens", "model", "steps"}},
      {"summary_buffer", {"max_tokens", "model", "steps"}},
      {"vector", {"k", "embedding", "steps"}},
      {"facts", {"blocks", "turns", "steps"}},
      {"plugin/NAME", {"options", "max_tokens", "steps"}},
  };
  return kKinds;
}

// Null where there is none.
const Kind* kind_of(std::string_view type) {
  const auto kind =
      std::ranges::find_if(kinds(), [type](const Kind& one) { return config::stands_for(one.type, type); });
  return kind == kinds().end() ? nullptr : &*kind;
}

bool contains(std::span<const std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// Of which types a key is: what somebody who wrote it may have meant.
std::string owners(std::string_view key) {
  std::vector<std::string_view> types;
  for (const Kind& kind : kinds())
    if (contains(kind.keys, key)) types.push_back(kind.type);
  return types.empty() ? "" : fmt::format("{}", fmt::join(types, ", "));
}

std::string misplaced(std::string_view key, std::string_view type) {
  const std::span<const std::string_view> own = memory_keys(type);
  const std::string has = own.empty() ? fmt::format("`{}` has no keys", type)
                                      : fmt::format("`{}` has: {}", type, fmt::join(own, ", "));
  if (const std::string types = owners(key); !types.empty())
    return fmt::format("`{}` does not belong to memory type `{}`: it is a key of {}; {}", key, type, types,
                       has);
  return fmt::format("unknown key `{}`{}; {}", key,
                     did_you_mean(key, std::vector<std::string>(own.begin(), own.end())), has);
}

class Problems {
 public:
  template <class Number>
  void range(std::string_view key, Number value, Number least, Number most) {
    if (value < least || value > most)
      add(std::string(key), fmt::format("`{}` is {}; it must be from {} to {}", key, value, least, most));
  }
  void add(std::string key, std::string message) { all_.push_back({std::move(key), std::move(message)}); }
  std::vector<SettingProblem> take() { return std::move(all_); }

 private:
  std::vector<SettingProblem> all_;
};

void check_blocks(const std::vector<BlockSettings>& blocks, Problems& problems) {
  if (blocks.empty())
    problems.add("blocks", "memory type `facts` needs `blocks`: a list of {label, description, value, …}");
  if (blocks.size() > kBlocksMax)
    problems.add("blocks", fmt::format("{} blocks; there may be {}", blocks.size(), kBlocksMax));
  std::set<std::string_view> labels;
  for (const BlockSettings& block : blocks) {
    if (auto made = make_block(block); !made) problems.add("blocks", made.error().message);
    if (!block.label.empty() && !labels.insert(block.label).second)
      problems.add("blocks", fmt::format("there are two blocks `{}`", block.label));
  }
}

}  // namespace

std::vector<std::string_view> memory_types() {
  std::vector<std::string_view> types;
  for (const Kind& kind : kinds()) types.push_back(kind.type);
  return types;
}

std::string_view memory_of_plugin(std::string_view type) {
  return models::plugin_of(type);  // as providers of models are named
}

std::span<const std::string_view> memory_keys(std::string_view type) {
  const Kind* kind = kind_of(type);
  return kind ? kind->keys : std::span<const std::string_view>();
}

std::vector<SettingProblem> check_memory(const MemorySettings& settings, std::span<const std::string> given) {
  Problems problems;
  if (!kind_of(settings.type)) {
    const auto types = memory_types();
    problems.add(
        "type", fmt::format("there is no memory type `{}`{}; known: {}", settings.type,
                            did_you_mean(settings.type, std::vector<std::string>(types.begin(), types.end())),
                            fmt::join(types, ", ")));
    return problems.take();
  }
  const auto keys = memory_keys(settings.type);
  for (const std::string& key : given)
    if (key != "type" && !contains(keys, key)) problems.add(key, misplaced(key, settings.type));
  if (contains(keys, "turns")) problems.range("turns", settings.turns, 1, kMemoryTurnsMax);
  if (contains(keys, "max_tokens"))
    problems.range("max_tokens", settings.max_tokens, kMemoryTokensMin, kMemoryTokensMax);
  if (contains(keys, "k")) problems.range("k", settings.k, 1, kMemoryKMax);
  if (contains(keys, "blocks")) check_blocks(settings.blocks, problems);
  return problems.take();
}

}  // namespace troupe::memory
