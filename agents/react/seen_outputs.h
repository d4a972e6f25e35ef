#pragma once

#include "agents/react/observation.h"
#include "agents/strategies/strategy.h"
#include "models/message.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// Which messages of a conversation hold what tools said in this run, and how each reads when it is
/// shortened, in whatever form its strategy wrote it.
class SeenOutputs {
 public:
  /// An observation as the model was told it.
  struct Seen {
    Observation observation;
    std::string about_repeats;  ///< see note_of
  };

  /// `seen` was written into the messages [from, to): into one all of it, or one each.
  void add(std::size_t from, std::size_t to, std::vector<Seen> seen);

  /// The message at `at` with at most `bytes` of each output. Nothing where it has none that is longer.
  std::optional<models::Message> shortened(const Strategy& strategy, const models::Message& message,
                                           std::size_t at, std::size_t bytes) const;
  /// Bytes of the longest output at `at`.
  std::size_t longest(std::size_t at) const;

  /// What is kept of the messages follows what was made of them.
  void shorten(std::size_t at, std::size_t bytes);
  void leave_out(std::size_t from, std::size_t count);

 private:
  std::map<std::size_t, std::vector<Seen>> seen_;  // by message
};

}  // namespace troupe::agents
