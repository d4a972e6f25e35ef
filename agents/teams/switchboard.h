#pragma once

#include <map>
#include <string>
#include <string_view>

namespace troupe::agents {

class Crew;

/// Where the tools of a member find the crew of the run they are called in: tools are made once a
/// configuration, crews once a run. Loop thread only.
class Switchboard {
 public:
  struct Seat {
    Crew* crew = nullptr;
    std::string member;  ///< as addressed, "writer#2"
  };

  void connect(std::string run, Seat seat) { seats_.insert_or_assign(std::move(run), std::move(seat)); }
  void disconnect(const std::string& run) { seats_.erase(run); }
  /// nullptr: the run is not one of a team.
  const Seat* find(std::string_view run) const {
    const auto found = seats_.find(run);
    return found == seats_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Seat, std::less<>> seats_;  // by run
};

}  // namespace troupe::agents
