#pragma once

#include "runtime/config/shape.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// A text that may hold a secret, with the parts that must never be shown.
struct HiddenText {
  std::string text;
  std::vector<std::string> hidden;  ///< of the text; empty when it is no secret
  bool operator==(const HiddenText&) const = default;
};
using HiddenTexts = std::map<std::string, HiddenText>;

/// Lines by name (`headers`, `query`). A value is a secret where `${…}` puts something in, and where the name
/// says that it is one (Authorization, X-Api-Key). `check_key`: what is wrong with a name, or "".
config::ShapePtr<HiddenTexts> hidden_lines(std::string expected, std::string (*check_key)(std::string_view));
/// A URL: what `${…}` puts in behind the host is a secret; what it puts in before is where the service is.
config::ShapePtr<HiddenText> hidden_url();

/// A JSON value whose texts may hold secrets.
struct HiddenJson {
  Json value;
  std::vector<std::string> hidden;
};
/// Any value; what `${…}` puts in is a secret.
config::ShapePtr<HiddenJson> hidden_json(std::string expected);

/// Whether something of this name is meant for one peer only: Authorization, Cookie, api_key, X-Auth-Token.
bool names_a_secret(std::string_view name);

}  // namespace troupe::tools
