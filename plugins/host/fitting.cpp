#include "plugins/host/fitting.h"

#include "tools/json_schema.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

Result<> check_fits(const Json& value, const Json& schema, std::string_view key) {
  if (schema.is_null()) {
    if (value.empty()) return {};
    return fail(ErrorCode::invalid, fmt::format("it takes no `{}`", key));
  }
  auto compiled = tools::JsonSchema::compile(schema);
  if (!compiled) return fail(std::move(compiled.error()));
  if (auto fits = compiled->check(value); !fits)
    return within(fmt::format("its `{}`", key), std::move(fits.error()));
  return {};
}

}  // namespace troupe::plugins
