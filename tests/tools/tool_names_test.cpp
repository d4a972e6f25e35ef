#include "tests/fakes/test_tool.h"
#include "tools/names.h"
#include "tools/toolbox.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

ToolTable table_of(const std::vector<std::string>& names) {
  ToolTable table;
  const auto body = [](const ToolInput&) -> Result<ToolOutput> { return ToolOutput{"done"}; };
  for (const std::string& name : names)
    table.emplace(name, std::make_shared<fakes::TestTool>(name, Effect::pure, body));
  return table;
}

std::vector<std::string> called(const Toolbox& box) {
  std::vector<std::string> names;
  for (const auto& declaration : *box.declarations()) names.push_back(declaration.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a section's name means all its tools, section/tool one of them") {
  const ToolTable table = table_of({"crm", "crm-old", "crm2", "shop/list", "shop/order", "shop-2/list"});

  CHECK(tools_meant(table, "crm") == Names{"crm"});
  CHECK(tools_meant(table, "shop") == Names{"shop/list", "shop/order"});
  CHECK(tools_meant(table, "shop/order") == Names{"shop/order"});
  CHECK(tools_meant(table, "sho").empty());
  CHECK(tools_meant(table, "shop/").empty());
  CHECK(tools_meant(table, "").empty());
  CHECK(covers("shop", "shop/order"));
  CHECK_FALSE(covers("shop", "shop-2/list"));
  CHECK_FALSE(covers("shop/order", "shop"));
}

TEST_CASE("a model is told names that it may write") {
  const auto box = Toolbox::make(table_of({"shop/list", "shop/order", "clock"}), {"shop", "clock"});
  REQUIRE(box);

  CHECK(called(*box) == Names{"shop__list", "shop__order", "clock"});
  CHECK(box->prepare("shop__list", Json{{"x", 1}})->name == "shop__list");
  CHECK(box->prepare("shop/list", Json{{"x", 1}}).error().message.find("did you mean `shop__list`") !=
        std::string::npos);
  CHECK_FALSE(box->has("shop"));
  CHECK(box->prepare("shop", Json{{"x", 1}}).error().code == ErrorCode::not_found);
}

TEST_CASE("a tool that is named twice, alone and with its section, is one tool") {
  const auto box = Toolbox::make(table_of({"shop/list", "shop/order"}), {"shop/order", "shop"});
  REQUIRE(box);
  CHECK(called(*box) == Names{"shop__order", "shop__list"});
}

TEST_CASE("two tools that a model could not tell apart are refused") {
  const auto box = Toolbox::make(table_of({"shop/list", "shop__list"}), {"shop", "shop__list"});
  REQUIRE_FALSE(box);
  CHECK(box.error().code == ErrorCode::conflict);
  CHECK(box.error().message.find("`shop/list` and `shop__list`") != std::string::npos);
}

TEST_CASE("what a configuration says of a section holds for each of its tools") {
  const auto box = Toolbox::make(table_of({"shop/list", "shop/order", "shop-2/list"}), {"shop", "shop-2"});
  REQUIRE(box);
  CHECK(box->means("shop", "shop__order"));
  CHECK(box->means("shop/order", "shop__order"));
  CHECK_FALSE(box->means("shop/list", "shop__order"));
  CHECK_FALSE(box->means("shop-2", "shop__order"));
  CHECK_FALSE(box->means("shop", "shop__nothing"));
}

TEST_CASE("what others call their tools becomes names that are plain, short and of one tool only") {
  PartNames names("pets");
  CHECK(names.next("listPets") == "pets/listPets");
  CHECK(names.next("GET /pets/{id}") == "pets/GET__pets__id");
  CHECK(names.next("listPets") == "pets/listPets_2");
  CHECK(names.next("…") == "pets/tool");
  CHECK(names.next("") == "pets/tool_2");

  const std::string endless(200, 'x');
  const std::string first = names.next(endless), second = names.next(endless);
  CHECK(first != second);
  CHECK(call_name(first).size() == kCallNameMax);
  CHECK(call_name(second).size() == kCallNameMax);
}
