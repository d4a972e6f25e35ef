#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::models {

/// Puts native tool calls together from the fragments of a stream: by `index`, else by `id`, else by
/// position.
///
/// Tolerated: an index that is left out; one index for several calls that have ids of their own; a new id on
/// every fragment of one call; names that come again or come empty; arguments as an object instead of text.
class ToolCallAssembly {
 public:
  /// The `tool_calls` of a delta or a message: an array; anything else is ignored.
  void add(const Json& fragments);
  /// The older `function_call`.
  void add_function(const Json& function);

  bool empty() const { return slots_.empty(); }
  /// Bytes kept so far: the caller bounds them.
  std::size_t bytes() const { return bytes_; }
  /// The calls in the order they began; those that never got a name are left out.
  std::vector<ToolCall> take();

 private:
  struct Slot {
    std::optional<long long> index;
    ToolCall call;
  };
  Slot& slot_for(const Json& fragment, std::size_t position);
  Slot& open(std::optional<long long> index);
  void fill(Slot& slot, const Json& function);

  static constexpr std::size_t kCallsMax = 128;
  std::vector<Slot> slots_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::models
