#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace troupe::agents {

/// Which run of a replay does what which recorded one did. Runs that a replay makes have ids of their own,
/// which stand in ids of messages, too.
class RunNames {
 public:
  void pair(const std::string& recorded, const std::string& replayed) {
    recorded_[replayed] = recorded;
    replayed_[recorded] = replayed;
  }
  /// "": it has none.
  std::string recorded(const std::string& replayed) const { return find(recorded_, replayed); }
  std::string replayed(const std::string& recorded) const { return find(replayed_, recorded); }
  /// The text with the recorded ids in the place of the replay's own, all at once: where two members began in
  /// another order, each bears the other's id.
  std::string as_recorded(const std::string& text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const auto name = at_place(std::string_view(text).substr(at));
      out += name == recorded_.end() ? std::string_view(text).substr(at, 1) : std::string_view(name->second);
      at += name == recorded_.end() ? 1 : name->first.size();
    }
    return out;
  }

 private:
  using Names = std::map<std::string, std::string>;

  // Ids begin so.
  Names::const_iterator at_place(std::string_view text) const {
    if (!text.starts_with("r_")) return recorded_.end();
    auto after = recorded_.upper_bound(std::string(text.substr(0, kIdBytes)));
    if (after == recorded_.begin()) return recorded_.end();
    --after;
    return text.starts_with(after->first) ? after : recorded_.end();
  }
  static constexpr std::size_t kIdBytes = 64;  // at least as long as any

  static std::string find(const std::map<std::string, std::string>& names, const std::string& name) {
    const auto found = names.find(name);
    return found == names.end() ? std::string() : found->second;
  }

  std::map<std::string, std::string> recorded_;
  std::map<std::string, std::string> replayed_;
};

}  // namespace troupe::agents
