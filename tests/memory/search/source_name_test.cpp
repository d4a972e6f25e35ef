#include "memory/knowledge/source_name.h"

#include "memory/knowledge/search/citations.h"

#include <doctest/doctest.h>

using namespace troupe::memory;

TEST_CASE("an address whose query bears a key or a signature is shown without its query, others whole") {
  for (const char* plain :
       {"https://a.example/b?id=5&lang=ko", "https://a.example/token/key", "/srv/docs/a?token=b.md",
        "notes.md", "", "https://a.example/?", "https://a.example/?&;="})
    CHECK(shown_address(plain) == plain);
  for (const char* query :
       {"token=canary", "id=5&access_token=canary", "X-Amz-Signature=canary&x=1", "se=2&sig=canary",
        "KEY=canary#top", "a;api_key=canary", "X-Goog-Credential=canary"})
    CHECK(shown_address(std::string("https://a.example/b?") + query) == "https://a.example/b");
}

TEST_CASE("of a path the name is shown, and citations hold no key") {
  CHECK(shown_name("/srv/docs/leave.md") == "leave.md");
  CHECK(shown_name("leave.md") == "leave.md");
  CHECK(shown_name("https://a.example/docs/b") == "https://a.example/docs/b");
  Citation citation{.index = 1};
  citation.source = "https://a.example/b?sig=canary";
  CHECK_FALSE(to_json(citation).dump().contains("canary"));
  CHECK(to_json(citation)["url"] == "https://a.example/b");
}
