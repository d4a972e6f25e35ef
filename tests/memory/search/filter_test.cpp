#include "memory/knowledge/search/filter.h"

#include "memory/knowledge/search/limits.h"

#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

Json json(std::string_view text) {
  auto value = parse_json(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return *value;
}

bool matches(std::string_view filter, std::string_view metadata) {
  auto parsed = Filter::parse(json(filter));
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
  return parsed->matches(json(metadata));
}

std::string refusal(const Json& filter) {
  auto parsed = Filter::parse(filter);
  REQUIRE(!parsed.has_value());
  return parsed.error().message;
}

struct Case {
  const char* filter;
  const char* metadata;
  bool found;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    CAPTURE(one.filter);
    CAPTURE(one.metadata);
    CHECK(matches(one.filter, one.metadata) == one.found);
  }
}

struct TermCase {
  std::vector<std::string> terms;
  const char* metadata;
  bool found;
};

}  // namespace

TEST_CASE("a filter compares with what metadata has") {
  check({{R"({"title":"Handbook"})", R"({"title":"Handbook"})", true},
         {R"({"title":"Handbook"})", R"({"title":"handbook"})", false},
         {R"({"title":"Handbook","year":2024})", R"({"title":"Handbook","year":2024})", true},
         {R"({"title":"Handbook","year":2024})", R"({"title":"Handbook","year":2023})", false},
         {R"({"year":{"gt":2020,"lte":2024}})", R"({"year":2024})", true},
         {R"({"year":{"gt":2020,"lte":2024}})", R"({"year":2020})", false},
         {R"({"year":{"gt":2020,"lte":2024}})", R"({"year":2024.5})", false},
         {R"({"year":{"!=":2020}})", R"({"year":2020})", false},
         {R"({"tag":{"in":["a","b"]}})", R"({"tag":"b"})", true},
         {R"({"tag":{"not in":["a","b"]}})", R"({"tag":"b"})", false},
         {R"({"tag":{"in":[]}})", R"({"tag":"b"})", false},
         {R"({"tag":{"nin":[]}})", R"({"tag":"b"})", true},
         {R"({"draft":true})", R"({"draft":true})", true},
         {R"({"draft":true})", R"({"draft":false})", false},
         {R"({"draft":true})", R"({"draft":1})", false},
         {R"({"day":{">=":"2024-05-01","<":"2024-06-01"}})", R"({"day":"2024-05-31"})", true},
         {R"({"day":{">=":"2024-05-01","<":"2024-06-01"}})", R"({"day":"2024-06-01"})", false},
         {R"({"name":{"lt":"나"}})", R"({"name":"가"})", true}});
}

TEST_CASE("groups of filters") {
  check({{R"({"any":[{"year":2024},{"lang":"ko"}]})", R"({"lang":"ko"})", true},
         {R"({"any":[{"year":2024},{"lang":"ko"}]})", R"({"lang":"en"})", false},
         {R"({"all":[{"year":{"gt":1}},{"year":{"lt":3}}]})", R"({"year":2})", true},
         {R"({"all":[{"year":{"gt":1}},{"year":{"lt":3}}]})", R"({"year":3})", false},
         {R"({"not":{"lang":"ko"}})", R"({"lang":"en"})", true},
         {R"({"not":{"not":{"lang":"ko"}}})", R"({"lang":"ko"})", true},
         {R"({"year":{"not":{"gt":5}}})", R"({"year":5})", true},
         {R"({"year":{"not":5}})", R"({"year":5})", false},
         {R"({"any":[{"a":1,"b":2},{"c":3}],"d":4})", R"({"a":1,"b":2,"d":4})", true},
         {R"({"any":[{"a":1,"b":2},{"c":3}],"d":4})", R"({"a":1,"b":2})", false},
         {R"({"any":[{"a":1,"b":2},{"c":3}],"d":4})", R"({"a":1,"c":3,"d":4})", true}});
}

TEST_CASE("the operators of MongoDB mean the same") {
  check({{R"({"year":{"$gte":2020,"$lt":2024}})", R"({"year":2020})", true},
         {R"({"year":{"$gte":2020,"$lt":2024}})", R"({"year":2024})", false},
         {R"({"$or":[{"a":{"$eq":1}},{"b":{"$ne":2}}]})", R"({"a":0,"b":2})", false},
         {R"({"$and":[{"a":{"$in":[1,2]}},{"b":{"$nin":[1]}}]})", R"({"a":2,"b":2})", true},
         {R"({"$not":{"a":{"$exists":true}}})", R"({})", true},
         {R"({"a":{"$not":{"$lte":3}}})", R"({"a":4})", true},
         {R"({"a":{"$gt":3}})", R"({"a":3})", false}});
}

TEST_CASE("a key that is missing or null has no value") {
  check({{R"({"a":1})", R"({})", false},
         {R"({"a":{"!=":1}})", R"({})", true},
         {R"({"a":{"!=":1}})", R"({"a":null})", true},
         {R"({"a":{"not in":[1]}})", R"({})", true},
         {R"({"a":{"in":[1]}})", R"({})", false},
         {R"({"a":{"lt":1}})", R"({})", false},
         {R"({"a":{"gte":1}})", R"({"a":null})", false},
         {R"({"a":{"exists":true}})", R"({"a":null})", false},
         {R"({"a":{"exists":false}})", R"({})", true},
         {R"({"a":{"exists":true}})", R"({"a":0})", true},
         {R"({"not":{"a":{"lt":1}}})", R"({})", true},
         {R"({"a":1})", R"([1])", false},
         {R"({"a":{"!=":1}})", R"("a")", true}});
}

TEST_CASE("numbers and booleans that are written as text count beside numbers and booleans") {
  check({{R"({"year":{"gt":2020}})", R"({"year":"2024"})", true},
         {R"({"year":{"gt":"2020"}})", R"({"year":2024})", true},
         {R"({"n":{"lt":"10"}})", R"({"n":"9"})", true},
         {R"({"n":{"lt":"10"}})", R"({"n":"9a"})", false},  // one is no number: bytes
         {R"({"n":{"gt":10}})", R"({"n":"11 pages"})", false},
         {R"({"n":10})", R"({"n":"10.0"})", true},
         {R"({"n":"10"})", R"({"n":10})", true},
         {R"({"n":"10"})", R"({"n":"10.0"})", false},  // two texts are the same or not
         {R"({"zip":"007"})", R"({"zip":"7"})", false},
         {R"({"n":1})", R"({"n":" 1"})", false},
         {R"({"n":1})", R"({"n":"+1"})", false},
         {R"({"n":1})", R"({"n":"0x1"})", false},
         {R"({"n":{"lt":"nan"}})", R"({"n":"inf"})", true},  // texts
         {R"({"n":{"lt":1}})", R"({"n":""})", false},
         {R"({"n":{"lt":1}})", R"({"n":"-"})", false},
         {R"({"n":-5})", R"({"n":"-5"})", true},
         {R"({"draft":true})", R"({"draft":"true"})", true},
         {R"({"draft":"false"})", R"({"draft":false})", true},
         {R"({"draft":true})", R"({"draft":"True"})", false},
         {R"({"a":{"lt":1}})", R"({"a":false})", false},
         {R"({"a":{"lt":1}})", R"({"a":{"b":0}})", false},
         {R"({"a":{"!=":1}})", R"({"a":{"b":0}})", true}});
}

TEST_CASE("large numbers are compared exactly") {
  check({{R"({"id":9007199254740993})", R"({"id":9007199254740992})", false},
         {R"({"id":9007199254740993})", R"({"id":9007199254740993})", true},
         {R"({"id":9007199254740992.0})", R"({"id":9007199254740993})", false},
         {R"({"id":{"gt":9007199254740992.0}})", R"({"id":9007199254740993})", true},
         {R"({"id":{"lt":18446744073709551615}})", R"({"id":9223372036854775807})", true},
         {R"({"id":{"gt":-1e300}})", R"({"id":-9223372036854775808})", true},
         {R"({"id":{"lt":0.5}})", R"({"id":0})", true},
         {R"({"id":{"gt":-0.5}})", R"({"id":0})", true},
         {R"({"id":{"gt":-0.5}})", R"({"id":-1})", false}});
}

TEST_CASE("a list matches when one of its elements does") {
  check({{R"({"tags":"b"})", R"({"tags":["a","b"]})", true},
         {R"({"tags":"c"})", R"({"tags":["a","b"]})", false},
         {R"({"tags":{"in":["c","b"]}})", R"({"tags":["a","b"]})", true},
         {R"({"tags":{"!=":"b"}})", R"({"tags":["a","b"]})", false},
         {R"({"tags":{"!=":"c"}})", R"({"tags":["a","b"]})", true},
         {R"({"tags":{"nin":["a","z"]}})", R"({"tags":["a","b"]})", false},
         {R"({"years":{"gt":2020}})", R"({"years":[1999,"2021"]})", true},
         {R"({"years":{"gt":2020}})", R"({"years":[]})", false},
         {R"({"years":{"exists":true}})", R"({"years":[]})", true},
         {R"({"a":1})", R"({"a":[[1]]})", false}});
}

TEST_CASE("nothing to hold lets everything through") {
  for (const char* text : {"null", "{}"}) {
    auto filter = Filter::parse(json(text));
    REQUIRE(filter.has_value());
    CHECK(filter->empty());
    CHECK(filter->matches(json("{}")));
  }
  CHECK(Filter::parse_terms({})->empty());
}

TEST_CASE("errors name the part that is wrong, and what was meant") {
  const std::pair<const char*, const char*> kCases[] = {
      {R"([1])", "filter: this is a list; write an object"},
      {R"("title")", "this is a text"},
      {R"({"year":{"gtt":1}})", "filter /year/gtt: unknown operator `gtt`; did you mean `gt`?"},
      {R"({"year":{"$gtee":1}})", "did you mean `$gte`?"},
      {R"({"$orr":[{"a":1}]})", "filter /$orr: unknown operator `$orr`; did you mean `$or`?"},
      {R"({"any":[{"a":1},{"b":{"lt":true}}]})",
       "filter /any/1/b/lt: compares with a number or a text, not a boolean"},
      {R"({"any":{"a":1}})", "filter /any: takes a list of filters, not an object"},
      {R"({"all":[]})", "filter /all: takes a list of filters, not an empty one"},
      {R"({"any":[{}]})", "filter /any/0: an empty filter decides nothing"},
      {R"({"not":[{"a":1}]})", "filter /not: this is a list"},
      {R"({"a":[1,2]})", R"(filter /a: a list is not compared; for any of these write {"in": […]})"},
      {R"({"a":null})", R"({"exists": false})"},
      {R"({"a":{}})", "filter /a: no operator"},
      {R"({"a":{"in":1}})", "filter /a/in: takes a list, not a number"},
      {R"({"a":{"in":[1,[2]]}})",
       "filter /a/in/1: compares with texts, numbers and booleans, not with a list"},
      {R"({"a":{"eq":null}})", "filter /a/eq: compares with a text, a number or a boolean, not null"},
      {R"({"a":{"exists":"yes"}})", "filter /a/exists: takes true or false, not a text"},
      {R"({"a/b~c":{"x":1}})", "filter /a~1b~0c/x: unknown operator"},
      {R"({"":1})", "a key is empty"}};
  for (const auto& [filter, message] : kCases) {
    const std::string found = refusal(json(filter));
    CHECK_MESSAGE(found.contains(message), found);
  }
}

TEST_CASE("filters have limits") {
  Json deep = {{"a", 1}};
  for (std::size_t i = 0; i < limits::kFilterDepth; ++i) deep = {{"not", deep}};
  CHECK(refusal(deep).contains("nested too deep; at most 16"));
  Json inner = 1;
  for (std::size_t i = 0; i < 40; ++i) inner = {{"not", inner}};
  CHECK(refusal({{"a", inner}}).contains("nested too deep"));

  Json wide = Json::array();
  for (std::size_t i = 0; i < limits::kFilterConditions; ++i) wide.push_back({{"a", i}});
  CHECK(refusal({{"any", wide}}).contains("too many conditions"));
  wide.erase(wide.begin());
  CHECK(Filter::parse({{"any", wide}}).has_value());

  Json values = Json::array();
  for (std::size_t i = 0; i < limits::kFilterValues; ++i) values.push_back(i);
  CHECK(Filter::parse({{"a", {{"in", values}}}}).has_value());
  values.push_back(0);
  CHECK(refusal({{"a", {{"in", values}}}}).contains("too many values"));

  CHECK(refusal({{std::string(limits::kFilterKeyBytes + 1, 'k'), 1}}).size() < 400);
  CHECK(refusal({{"a", std::string(limits::kFilterTextBytes + 1, 'k')}}).contains("a text is too long"));
}

TEST_CASE("terms of a command line") {
  const TermCase kCases[] = {{{"title=Handbook"}, R"({"title":"Handbook"})", true},
                             {{"title = The Handbook "}, R"({"title":"The Handbook"})", true},
                             {{"year>=2020", "year<2024"}, R"({"year":2020})", true},
                             {{"year>=2020", "year<2024"}, R"({"year":2024})", false},
                             {{"year!=2020"}, R"({})", true},
                             {{"year<>2020"}, R"({"year":2020})", false},
                             {{"draft=true"}, R"({"draft":true})", true},
                             {{"formula=a=b"}, R"({"formula":"a=b"})", true},
                             {{"zip=007"}, R"({"zip":"007"})", true},
                             {{"zip=007"}, R"({"zip":7})", true},
                             {{"version=1.10"}, R"({"version":"1.1"})", true},
                             {{R"(version="1.10")"}, R"({"version":"1.1"})", false},
                             {{R"(version="1.10")"}, R"({"version":"1.10"})", true},
                             {{"any=x"}, R"({"any":"x"})", true},
                             {{"wow!=x"}, R"({"wow":"x"})", false},
                             {{"a!b=x"}, R"({"a!b":"x"})", true},
                             {{"title="}, R"({"title":""})", true},
                             {{"quote=\"open"}, R"({"quote":"\"open"})", true}};
  for (const TermCase& one : kCases) {
    auto filter = Filter::parse_terms(one.terms);
    REQUIRE_MESSAGE(filter.has_value(), filter.error().message);
    CHECK_MESSAGE(filter->matches(json(one.metadata)) == one.found, one.terms.front());
  }
  for (const char* bad : {"", "title", "=x", " >= 3", "!title"}) {
    const std::string terms[] = {bad};
    auto filter = Filter::parse_terms(terms);
    REQUIRE_MESSAGE(!filter.has_value(), bad);
    CHECK(filter.error().message.contains("write key=value"));
  }
  const std::vector<std::string> many(limits::kFilterConditions + 1, "a=1");
  CHECK(!Filter::parse_terms(many).has_value());
}

TEST_CASE("two filters hold together") {
  const Filter a = *Filter::parse(json(R"({"any":[{"a":1},{"b":2}]})"));
  const std::string terms[] = {"c=3"};
  const Filter b = *Filter::parse_terms(terms);
  const Filter both = Filter::both(a, b);
  CHECK(both.matches(json(R"({"b":2,"c":3})")));
  CHECK(!both.matches(json(R"({"b":2})")));
  CHECK(!both.matches(json(R"({"c":3})")));
  CHECK(both.keys() == std::vector<std::string>{"a", "b", "c"});
  CHECK(Filter::both({}, {}).empty());
  CHECK(Filter::both(a, {}).keys() == a.keys());
}

namespace {

/// Filters and metadata by chance, and what a filter means, taken from its text alone.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  Json scalar() {
    switch (pick(6)) {
      case 0:
        return static_cast<int>(pick(4)) - 1;
      case 1:
        return static_cast<double>(pick(5)) / 2;
      case 2:
        return std::to_string(pick(3));
      case 3:
        return pick(2) == 0;
      case 4:
        return pick(2) ? "true" : "1.0";
      default:
        return std::string(1, static_cast<char>('a' + pick(3)));
    }
  }
  Json metadata() {
    Json out = Json::object();
    for (const char* key : {"a", "b", "c"}) {
      const auto kind = pick(6);
      if (kind == 0) continue;
      if (kind == 1)
        out[key] = {scalar(), scalar()};
      else
        out[key] = kind == 2 && pick(3) == 0 ? Json() : scalar();
    }
    return out;
  }
  Json filter(int depth) {
    if (depth == 0 || pick(2) == 0) return condition();
    Json parts = Json::array();
    for (std::size_t i = 0; i <= pick(3); ++i) parts.push_back(filter(depth - 1));
    switch (pick(4)) {
      case 0:
        return {{"any", parts}};
      case 1:
        return {{"$and", parts}};
      case 2:
        return {{"not", parts[0]}};
      default:
        return {{"$or", parts}, {"c", condition()["x"]}};
    }
  }

 private:
  Json condition() {
    const std::string key(1, static_cast<char>('a' + pick(3)));
    Json operand;
    switch (pick(5)) {
      case 0:
        operand = scalar();
        break;
      case 1:
        operand = {{pick(2) ? "in" : "$nin", {scalar(), scalar(), scalar()}}};
        break;
      case 2:
        operand = {{"exists", pick(2) == 0}};
        break;
      case 3:
        operand = {{pick(2) ? "!=" : "eq", scalar()}};
        break;
      default: {
        Json value = scalar();
        while (value.is_boolean()) value = scalar();
        operand = {{std::array{"<", "lte", "$gt", ">="}[pick(4)], value}};
        if (pick(3) == 0) operand = {{"not", operand}};
      }
    }
    return {{key, operand}, {"x", operand}};
  }
  std::size_t pick(std::size_t below) { return random_() % below; }

  std::mt19937 random_;
};

std::optional<double> naive_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto text = value.get<std::string>();
  if (text.find_first_not_of("0123456789.") != text.npos) return std::nullopt;
  return std::stod(text);
}

bool naive_equal(const Json& a, const Json& b) {
  if (a.is_string() && b.is_string()) return a == b;
  if (a.is_boolean() || b.is_boolean()) {
    const auto text = [](const Json& v) { return v.is_string() ? v.get<std::string>() : dump(v); };
    return text(a) == text(b);
  }
  const auto x = naive_number(a), y = naive_number(b);
  return x && y && *x == *y;
}

bool naive_ordered(const Json& a, const std::string& op, const Json& b) {
  const auto x = naive_number(a), y = naive_number(b);
  int sign;
  if (x && y)
    sign = *x < *y ? -1 : *x > *y;
  else if (a.is_string() && b.is_string())
    sign = a.get<std::string>().compare(b.get<std::string>());
  else
    return false;
  if (op == "<") return sign < 0;
  if (op == "lte") return sign <= 0;
  return op == "$gt" ? sign > 0 : sign >= 0;
}

bool naive_condition(const Json* value, const Json& operand) {
  if (!operand.is_object()) return naive_condition(value, {{"eq", operand}});
  for (const auto& [op, wanted] : operand.items()) {
    const auto some = [&](auto test) {
      if (!value || value->is_null()) return false;
      if (!value->is_array()) return test(*value);
      return std::any_of(value->begin(), value->end(), test);
    };
    const auto equals = [&](const Json& v) { return naive_equal(v, wanted); };
    const auto listed = [&](const Json& v) {
      return std::any_of(wanted.begin(), wanted.end(), [&](const Json& w) { return naive_equal(v, w); });
    };
    bool holds;
    if (op == "eq")
      holds = some(equals);
    else if (op == "!=")
      holds = !some(equals);
    else if (op == "in")
      holds = some(listed);
    else if (op == "$nin")
      holds = !some(listed);
    else if (op == "exists")
      holds = (value && !value->is_null()) == wanted.get<bool>();
    else if (op == "not")
      holds = !naive_condition(value, wanted);
    else
      holds = some([&](const Json& v) { return naive_ordered(v, op, wanted); });
    if (!holds) return false;
  }
  return true;
}

bool naive(const Json& filter, const Json& metadata) {
  for (const auto& [key, part] : filter.items()) {
    const auto holds = [&](const Json& one) { return naive(one, metadata); };
    bool good;
    if (key == "any" || key == "$or")
      good = std::any_of(part.begin(), part.end(), holds);
    else if (key == "$and")
      good = std::all_of(part.begin(), part.end(), holds);
    else if (key == "not")
      good = !naive(part, metadata);
    else
      good = naive_condition(find(metadata, key), part);
    if (!good) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("any filter on any metadata does what its text means") {
  std::size_t through = 0, all = 0;
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    Chance chance(seed);
    const Json written = chance.filter(3);
    auto filter = Filter::parse(written);
    REQUIRE_MESSAGE(filter.has_value(), filter.error().message);
    for (int i = 0; i < 10; ++i) {
      const Json metadata = chance.metadata();
      const bool found = filter->matches(metadata);
      through += found;
      ++all;
      REQUIRE_MESSAGE(found == naive(written, metadata),
                      fmt::format("seed {}: {} on {}", seed, dump(written), dump(metadata)));
    }
  }
  CHECK(through > all / 10);
  CHECK(through < all * 9 / 10);
}
