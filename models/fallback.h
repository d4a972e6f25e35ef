#pragma once

#include "models/model.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// What a warning says of models that are passed over, because a budget has no room for them.
inline constexpr std::string_view kBeyondBudget = "beyond a budget";

/// A model and those that are asked in its place, in order, until one answers. The next one is asked after
/// whatever went wrong with the one before, its retries included, but not
///  - once some of the reply was shown: whoever was shown it asks again;
///  - when the caller stopped the call or its deadline came: nobody could answer any more;
///  - when the conversation is too long for the model: the caller makes it shorter.
/// Each time is a `warning` event with code "fallback" that says what failed and who is asked now; so is a
/// request that begins further down, because the models before are beyond a budget. Loop thread.
class FallbackChain final : public Model {
 public:
  struct Entry {
    std::string name;
    std::shared_ptr<Model> model;
  };
  /// The model itself is the first. At least one.
  explicit FallbackChain(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  /// Begins at `request.first_entry`, at the first where there is no such entry. ModelReply::entry says who
  /// answered when it is not the first. The error is that of the last model that was asked; its message names
  /// all of them.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return entries_.front().name; }

 private:
  std::size_t beginning(const std::string& first_entry) const;
  std::string names(std::size_t from, std::size_t to) const;

  const std::vector<Entry> entries_;
};

}  // namespace troupe::models
