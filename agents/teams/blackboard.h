#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// A value on a blackboard.
struct BoardValue {
  Json value;
  std::int64_t version = 0;  ///< 1 with its first value
  std::string by;            ///< the member that wrote it; "": the team
};

/// What was written, as it is kept in the journal.
struct BoardWrite {
  std::string name;
  Json value;
  std::int64_t version = 0;
  std::string by;
  std::string key;  ///< of the write: written twice, it is the same write
};
Json to_json(const BoardWrite& write);
/// Errors: store (no such record).
Result<BoardWrite> board_write_from(const Json& record);

/// Named values that the members of one team's run share: versioned, limited in number and size. Pure; what
/// is written is told to `keep`, who has it on disk before anybody acts on it.
class Blackboard {
 public:
  explicit Blackboard(std::function<void(const BoardWrite&)> keep = nullptr) : keep_(std::move(keep)) {}

  /// nullptr: there is none of that name.
  const BoardValue* find(std::string_view name) const;
  const std::map<std::string, BoardValue, std::less<>>& all() const { return values_; }

  /// Writes a value and returns its version. `expected`: the version that it replaces (0: none is there);
  /// nothing: whatever is there. The same `key` again is the write it was. Errors: conflict (another version
  /// is there, which the message says), invalid (the name), too_large (the value, or too many).
  Result<std::int64_t> write(std::string name, Json value, std::string by, std::string key,
                             std::optional<std::int64_t> expected = std::nullopt);

  /// What an earlier process wrote, in the order it did.
  void recall(BoardWrite write);

 private:
  std::map<std::string, BoardValue, std::less<>> values_;
  std::map<std::string, std::int64_t, std::less<>> writes_;  // versions by key
  std::function<void(const BoardWrite&)> keep_;
};

}  // namespace troupe::agents
