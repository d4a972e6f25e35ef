#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::agents {

/// What was left out of a conversation so that a model can read it: enough to do the same again. Places are
/// those of the conversation before.
struct Fitting {
  struct Shortened {
    std::size_t at = 0;
    std::size_t bytes = 0;  ///< of each output in it, at most
    std::string content;    ///< of the message since
  };
  std::size_t messages = 0;  ///< of the conversation before
  std::vector<Shortened> shortened;
  std::size_t turns = 0;          ///< earlier turns …
  std::size_t turn_messages = 0;  ///< … from the second message on
  std::size_t steps = 0;          ///< earlier steps …
  std::size_t step_messages = 0;  ///< … after the user's message, which stood …
  std::size_t user = 0;           ///< … here
  bool exceeded = false;          ///< the provider had refused it
  std::int64_t before = 0;        ///< tokens of the request
  std::int64_t after = 0;
  std::int64_t limit = 0;

  bool nothing() const { return shortened.empty() && turns == 0 && steps == 0; }
};

/// A sentence for people.
std::string sentence(const Fitting& fitting);

}  // namespace troupe::agents
