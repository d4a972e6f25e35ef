#pragma once

#include <map>
#include <string>

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
  /// The text with the recorded ids in the place of the replay's own.
  std::string as_recorded(std::string text) const {
    for (const auto& [replayed, recorded] : recorded_) {
      if (replayed == recorded) continue;
      for (auto at = text.find(replayed); at != text.npos; at = text.find(replayed, at + recorded.size()))
        text.replace(at, replayed.size(), recorded);
    }
    return text;
  }

 private:
  static std::string find(const std::map<std::string, std::string>& names, const std::string& name) {
    const auto found = names.find(name);
    return found == names.end() ? std::string() : found->second;
  }

  std::map<std::string, std::string> recorded_;
  std::map<std::string, std::string> replayed_;
};

}  // namespace troupe::agents
