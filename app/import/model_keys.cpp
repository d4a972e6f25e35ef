#include "app/import/model_keys.h"

#include "app/import/foreign_keys.h"
#include "runtime/config/scalar.h"

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr long long kTokensMax = 10'000'000;

constexpr ListedKey kListed[] = {
    {"temperature", "only numbers from 0 to 1 are carried over; write it at the entry in `models`"},
    {"top_p", "only numbers from 0 to 1 are carried over; write it at the entry in `models`"},
    {"seed", "is no whole number; write it at the entry in `models`"},
    {"max_output_tokens", "is no whole number; write it at the entry in `models`"},
    {"max_tokens", "is no whole number; write `max_output_tokens` of the entry in `models`"},
    {"max_completion_tokens", "is no whole number; write `max_output_tokens` of the entry in `models`"},
    {"base_url", "is no URL; write it at the entry in `models`"},
    {"api_base", "is no URL; write `base_url` at the entry in `models`"},
    {"api_key", "keys are not copied; the entry reads the environment"},
    {"timeout", "it is `timeout` of the entry in `models`: the longest time without a byte"},
    {"max_retries", "it is `retries` of the entry in `models`"},
    {"stop", "the strategy says where a reply ends"},
    {"stream", "replies always are streamed"},
    {"deployment_name", "deployments of Azure are not known here; write an entry of `models`"},
    {"api_version", "deployments of Azure are not known here; write an entry of `models`"},
    {"frequency_penalty", "write it into `extra_body` of the entry in `models`"},
    {"presence_penalty", "write it into `extra_body` of the entry in `models`"},
};

bool carry_number(const config::Member& member, const char* name, double most, Json& further) {
  auto number = config::parse_number({member.value.text, member.value.text});
  if (!number || *number < 0 || *number > most) return false;
  further[name] = *number;
  return true;
}

bool carry_count(const config::Member& member, const char* name, Json& further) {
  auto number = whole_number(member.value.text, name == std::string_view("seed") ? 0 : 1, kTokensMax);
  if (number) further[name] = *number;
  return number.has_value();
}

// "provider/model" of a map, which may name the two apart.
std::string name_of(const config::Node& map) {
  const std::string provider = text_of(value_of(map, "provider"));
  const std::string model = text_of(value_of(map, "model"));
  return provider.empty() || model.starts_with(provider + "/") ? model : provider + "/" + model;
}

}  // namespace

bool import_model_setting(const config::Member& member, Json& further) {
  if (member.key == "temperature") return carry_number(member, "temperature", 1, further);
  if (member.key == "top_p") return carry_number(member, "top_p", 1, further);
  if (member.key == "seed") return carry_count(member, "seed", further);
  if (member.key == "max_tokens" || member.key == "max_output_tokens" ||
      member.key == "max_completion_tokens")
    return carry_count(member, "max_output_tokens", further);
  if ((member.key == "base_url" || member.key == "api_base") && member.value.text.starts_with("http")) {
    further["base_url"] = kept(member.value.text);
    return true;
  }
  return false;
}

std::string import_model(const config::Node* written, Json further, const std::string& place,
                         const std::string& path, const Project& project, ImportNotes& notes, Draft& draft) {
  if (!written || written->kind != config::Node::Kind::map)
    return draft.model(text_of(written), std::move(further), place, path);
  go_through(*written, path, kListed, project, notes, [&](const config::Member& member) {
    return member.key == "model" || member.key == "provider" ||
           member.value.kind == config::Node::Kind::null || import_model_setting(member, further);
  });
  return draft.model(name_of(*written), std::move(further), place, path);
}

}  // namespace troupe::app
