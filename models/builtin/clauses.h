#pragma once

#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A message cut into the clauses that ask for something each: at sentence ends, and at "and" or a comma
/// (Korean: -고, 그리고) when what stands on both sides is a request. "Who was Ada Lovelace and when was she
/// born?" is two; "the sum of 3 and 4" is one.
std::vector<std::string_view> clauses(std::string_view message);

/// Whether a clause begins as a question or an order does, after any courtesy.
bool starts_request(std::string_view clause);

/// `clause` without "please", "can you tell me", "so" and the like in front.
std::string_view without_courtesy(std::string_view clause);

}  // namespace troupe::models::builtin
