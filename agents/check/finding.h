#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe::agents {

/// Something in a store that contradicts what the journal promises (docs/journal.md, "Checking a store").
struct Finding {
  std::string_view invariant;  ///< a literal: "structure", "I1" … "I8", "blobs", "dead letters"
  std::string session;         ///< "": none, or not known
  std::string run;             ///< the same
  std::int64_t seq = 0;        ///< of the event it is about; 0: none
  std::string what;            ///< is wrong, for people
  std::string_view means;      ///< what follows from it, for people; a literal
};

using FindingSink = std::function<void(Finding)>;

}  // namespace troupe::agents
