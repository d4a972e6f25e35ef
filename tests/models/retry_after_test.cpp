#include "models/retry_after.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace std::chrono_literals;

TEST_CASE("a server's request to wait is read in all its forms") {
  const std::int64_t now = 784111777000;  // Sun, 06 Nov 1994 08:49:37 GMT
  auto wait = [&](net::Headers headers, std::string_view message = "") {
    net::HttpHead head;
    head.headers = std::move(headers);
    return retry_after(head, message, now);
  };
  CHECK(wait({{"retry-after", "3"}}) == 3s);
  CHECK(wait({{"retry-after", " 1.5 "}}) == 1500ms);
  CHECK(wait({{"retry-after-ms", "250"}, {"retry-after", "9"}}) == 250ms);
  CHECK(wait({{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}}) == 30s);
  CHECK(wait({{"retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"}}) == 0ms);
  CHECK(wait({{"retry-after", "99999999999999999999"}}) == 7 * 24h);
  for (const char* bad :
       {"", "soon", "-3", "nan", "3s", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST"}) {
    CAPTURE(bad);
    CHECK_FALSE(wait({{"retry-after", bad}}).has_value());
  }
  CHECK(wait({}, "Rate limit is exceeded. Try again in 3 seconds.") == 3s);
  CHECK(wait({}, "Please try again in 20ms. Visit …") == 20ms);
  CHECK(wait({}, "Please try again in 1m6.5s.") == 66500ms);
  CHECK(wait({}, "try again in a while") == std::nullopt);
  CHECK(wait({}, "HTTP 503") == std::nullopt);
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == now);
}
