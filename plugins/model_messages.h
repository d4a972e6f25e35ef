#pragma once

#include "models/model.h"
#include "models/settings.h"
#include "plugins/host/description.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What is said to services of kind "model", and what they answer: the JSON of plugins/troupe_plugin.h.
namespace troupe::plugins {

inline constexpr std::size_t kModelCallsMost = 128;  // calls of tools in one answer
inline constexpr std::size_t kModelNameBytes = 256;  // of a call's name and id, and of the model's name
inline constexpr std::size_t kModelStateBytes = 256u << 10;      // of what it gets back with the next request
inline constexpr std::int64_t kModelTokensMost = 1'000'000'000;  // of one call, read or written

/// What `service` must be able to do for `request`, beyond writing text. Errors: model, naming what it lacks
/// and what to do; its status is 400, as of a server that refuses.
Result<> accepts(const ServiceDescription& service, const models::ModelRequest& request);

/// A request as the plugin reads it. `model`: what it is told of that name, "" nothing. `origin`: whose state
/// goes back (read_model_answer). Pure.
std::string model_input(const models::ModelSettings& settings, const models::ModelRequest& request,
                        const ServiceDescription& service, const std::string& model, std::string_view origin);

/// The answer to it. `streamed`: the text that came before; what the answer has of it must begin so. Usage
/// that it does not tell is zero and marked as estimated. Errors: protocol, saying what is wrong with it.
/// Pure.
Result<models::ModelReply> read_model_answer(std::string_view answer, std::string_view streamed,
                                             std::string_view origin, std::size_t messages);

/// Counts what was not told.
void estimate_usage(const models::ModelRequest& request, models::ModelReply& reply);

}  // namespace troupe::plugins
