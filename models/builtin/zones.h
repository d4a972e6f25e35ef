#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// The time zones this machine knows, for clock questions that name a city ("in Tokyo" → "Asia/Tokyo").
class Zones {
 public:
  explicit Zones(std::vector<std::string> names) : names_(std::move(names)) {}
  /// Reads the system's zone table; empty when there is none, and then only full zone names are understood.
  static Zones of_this_machine();

  /// The zone of `place`, which is a zone name ("Asia/Seoul", "UTC") or the city in one; "" when unknown.
  std::string find(std::string_view place) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace troupe::models::builtin
