#pragma once

#include <string>
#include <string_view>

namespace troupe::models {

/// What is wrong with the name of a header that an entry adds to its requests, or "".
std::string header_problem(std::string_view name);

/// The host of an already checked URL.
std::string_view host_of(std::string_view url);

/// Whether what is sent to `base_url` can be read on its way: no TLS, and beyond this machine.
bool travels_open(std::string_view base_url);

}  // namespace troupe::models
