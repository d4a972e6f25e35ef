#include "runtime/store/type_names.h"

#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>

namespace troupe::store {

std::string_view keep_type(std::string_view name) {
  // Never destroyed: frames may be read by threads that end after static destructors have begun.
  static std::shared_mutex& mutex = *new std::shared_mutex;
  static auto& names = *new std::set<std::string, std::less<>>;
  {
    std::shared_lock lock(mutex);
    if (auto found = names.find(name); found != names.end()) return *found;
  }
  std::unique_lock lock(mutex);
  return *names.emplace(name).first;
}

}  // namespace troupe::store
