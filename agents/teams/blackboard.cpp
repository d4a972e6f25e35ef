#include "agents/teams/blackboard.h"

#include "agents/teams/limits.h"
#include "runtime/config/collections.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Result<void> check(const std::map<std::string, BoardValue, std::less<>>& values, const std::string& name,
                   const Json& value, std::optional<std::int64_t> expected) {
  if (!config::valid_name(name))
    return fail(ErrorCode::invalid,
                fmt::format("`{}` cannot be a name on the blackboard: a name is a letter, then at most 63 "
                            "letters, digits, `_` and `-`",
                            name.substr(0, limits::kConditionShownBytes)));
  const auto it = values.find(name);
  const std::int64_t version = it == values.end() ? 0 : it->second.version;
  if (expected && *expected != version)
    return fail(
        ErrorCode::conflict,
        version == 0
            ? fmt::format("`{}` was to replace version {}, and there is none: write it with version 0", name,
                          *expected)
            : fmt::format("`{}` was to replace version {}, and is at version {} by {}: read it, and "
                          "write what is right now",
                          name, *expected, version, it->second.by.empty() ? "the team" : it->second.by));
  if (const std::size_t bytes = dump(value).size(); bytes > limits::kBoardValueBytes)
    return fail(ErrorCode::too_large,
                fmt::format("the value of `{}` has {} bytes; at most {} fit on the blackboard: write less of "
                            "it, or several values",
                            name, bytes, limits::kBoardValueBytes));
  if (version == 0 && values.size() >= limits::kBoardValues)
    return fail(ErrorCode::too_large,
                fmt::format("`{}` would be value {} of the blackboard; at most {} are kept: replace one",
                            name, values.size() + 1, limits::kBoardValues));
  return {};
}

}  // namespace

Json to_json(const BoardWrite& write) {
  return {{"name", write.name},
          {"value", write.value},
          {"version", write.version},
          {"by", write.by},
          {"key", write.key}};
}

Result<BoardWrite> board_write_from(const Json& record) {
  const Json* value = find(record, "value");
  const Json* version = find(record, "version");
  BoardWrite write{.name = string_or(record, "name"), .by = string_or(record, "by")};
  write.key = string_or(record, "key");
  if (!value || !version || !version->is_number_integer() || *version < 1 || write.name.empty())
    return fail(ErrorCode::store, fmt::format("no record of a write to a blackboard: {}",
                                              dump(record).substr(0, limits::kConditionShownBytes)));
  write.value = *value;
  write.version = version->get<std::int64_t>();
  return write;
}

const BoardValue* Blackboard::find(std::string_view name) const {
  const auto it = values_.find(name);
  return it == values_.end() ? nullptr : &it->second;
}

Result<std::int64_t> Blackboard::write(std::string name, Json value, std::string by, std::string key,
                                       std::optional<std::int64_t> expected) {
  if (const auto it = writes_.find(key); it != writes_.end()) return it->second;
  if (auto checked = check(values_, name, value, expected); !checked) return fail(checked.error());
  const BoardValue* there = find(name);
  BoardWrite write{.name = std::move(name),
                   .value = std::move(value),
                   .version = there ? there->version + 1 : 1,
                   .by = std::move(by),
                   .key = std::move(key)};
  if (keep_) keep_(write);
  const std::int64_t version = write.version;
  recall(std::move(write));
  return version;
}

void Blackboard::recall(BoardWrite write) {
  writes_[std::move(write.key)] = write.version;
  values_[std::move(write.name)] = {
      .value = std::move(write.value), .version = write.version, .by = std::move(write.by)};
}

}  // namespace troupe::agents
