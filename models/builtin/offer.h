#pragma once

#include "models/builtin/colleague_tool.h"
#include "models/message.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// What a tool can be used for by rules.
enum class Ability { none, calculate, clock, retrieve, encyclopedia, web };

/// A tool as its declaration describes it: what it is for, and where in its input things go.
class OfferedTool {
 public:
  explicit OfferedTool(const ToolDeclaration& declaration);

  const std::string& name() const { return name_; }
  Ability ability() const { return ability_; }
  bool looks_up() const {
    return ability_ == Ability::retrieve || ability_ == Ability::encyclopedia || ability_ == Ability::web;
  }
  /// Whether a page found by searching can be read whole.
  bool has_pages() const { return !page_operation_.empty(); }
  /// Whether it puts a question to a person and brings the answer.
  bool asks_person() const { return asks_person_; }
  /// The name of an argument for a time zone, or "".
  const std::string& zone_argument() const { return zone_argument_; }

  /// Inputs that satisfy the schema. `query` goes into the argument made for it; other required arguments get
  /// their default, first allowed or smallest value.
  Json search_input(std::string_view query) const;
  Json page_input(std::string_view title) const;
  Json expression_input(std::string_view expression) const;
  Json clock_input(std::string_view zone) const;
  Json question_input(std::string_view question) const;

 private:
  void read_properties(const Json& schema);
  void read_ability(const ToolDeclaration& declaration);
  std::string text_argument(std::initializer_list<std::string_view> preferred) const;
  Json filled(std::string_view argument, std::string_view value, std::string_view operation) const;

  struct Property {
    std::string name;
    Json schema;
    bool required = false;
    bool text = false;
    std::vector<std::string> choices;  ///< of an enum of strings
  };
  const Property* property(std::string_view name) const;

  std::string name_;
  Ability ability_ = Ability::none;
  bool asks_person_ = false;
  std::vector<Property> properties_;
  std::string operation_argument_;  ///< the enum that says what to do ("action": search | page | …), or ""
  std::string search_operation_;
  std::string page_operation_;
  std::string query_argument_;
  std::string page_argument_;
  std::string expression_argument_;
  std::string zone_argument_;
};

/// All tools of an agent.
class Offer {
 public:
  explicit Offer(const std::vector<ToolDeclaration>& declarations);

  const OfferedTool* calculator() const { return first(Ability::calculate); }
  const OfferedTool* clock() const { return first(Ability::clock); }
  const OfferedTool* person() const;
  /// The tool of that name that reaches colleagues; nullptr.
  const ColleagueTool* reaching(std::string_view name) const;
  /// Retriever before encyclopedia before web; `preferred` (a word of the question: "web", "wikipedia") goes
  /// first.
  std::vector<const OfferedTool*> lookups(Ability preferred = Ability::none) const;
  const std::vector<OfferedTool>& tools() const { return tools_; }

 private:
  const OfferedTool* first(Ability ability) const;
  std::vector<OfferedTool> tools_;
  std::vector<ColleagueTool> reaching_;
};

}  // namespace troupe::models::builtin
