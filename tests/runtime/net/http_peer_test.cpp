#include "tests/fakes/http_peer.h"

#include <string>
#include <sys/socket.h>
#include <thread>

#include <curl/curl.h>
#include <doctest/doctest.h>

using namespace troupe::fakes;
using namespace std::chrono_literals;

namespace {

struct Answer {
  CURLcode code = CURLE_OK;
  long status = 0;
  std::string body;
};

/// A client that shares no code with ours: what the peer says is judged by libcurl's blocking interface.
class PlainClient {
 public:
  PlainClient() : easy_(curl_easy_init()) {}
  ~PlainClient() { curl_easy_cleanup(easy_); }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  Answer get(const std::string& url, const std::string& ca = "", const std::string& post = "") {
    Answer answer;
    curl_easy_reset(easy_);
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, 20'000L);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    if (!ca.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, ca.c_str());
    if (!post.empty()) curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, post.c_str());
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(
        easy_, CURLOPT_WRITEFUNCTION, +[](char* data, size_t size, size_t n, void* to) {
          static_cast<std::string*>(to)->append(data, size * n);
          return size * n;
        });
    answer.code = curl_easy_perform(easy_);
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  CURL* easy_;
};

}  // namespace

TEST_CASE("a peer sees what was asked and answers what its handler says") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.path == "/throws") throw std::runtime_error("on purpose");
    return PeerReply(201, request.method + " " + request.path + " " + std::string(request.param("q")) + " " +
                              request.body);
  });
  PlainClient client;

  CHECK(client.get(peer.url("/a%20b?q=1%2B1+x&r")).body == "GET /a b 1+1 x ");
  CHECK(client.get(peer.url("/post"), "", std::string(100'000, 'x')).body ==
        "POST /post  " + std::string(100'000, 'x'));
  CHECK(client.get(peer.url("/throws")).status == 500);

  CHECK(peer.connections() == 1);
  REQUIRE(peer.requests().size() == 3);
  CHECK(peer.requests()[0].target == "/a%20b?q=1%2B1+x&r");
  CHECK(peer.requests()[1].header("content-length") == "100000");
  CHECK(peer.requests()[2].connection == 1);
}

TEST_CASE("the same bytes arrive however a peer is told to send them") {
  std::string text = "0123456789 the quick brown fox";
  PeerReply shaped = PeerReply(200, text);
  HttpPeer peer([&](const PeerRequest&) { return shaped; });
  PlainClient client;
  auto body = [&](PeerReply reply) {
    peer.answer([reply](const PeerRequest&) { return reply; });
    Answer answer = client.get(peer.url());
    CHECK(answer.code == CURLE_OK);
    CHECK(answer.status == 200);
    return answer.body;
  };

  CHECK(body(PeerReply(200, text).chunked()) == text);
  CHECK(body(PeerReply(200, text).chunked({1, 2, 3})) == text);
  CHECK(body(PeerReply(200, text).gzip()) == text);
  CHECK(body(PeerReply(200, text).deflate().chunked({5})) == text);
  CHECK(body(PeerReply(200, text).until_close()) == text);
  CHECK(body(PeerReply(200, text).slowly(20, 1ms)) == text);
  CHECK(body(PeerReply(200, text).split_at(9).split_at(10)) == text);
  CHECK(body(PeerReply().write("012").pause(2ms).write("345")) == "012345");
  CHECK(body(PeerReply(200, text).after(2ms).close()) == text);
  CHECK(body(PeerReply::sse({"a", "b"}, 1ms).gzip()) == "data: a\n\ndata: b\n\n");
}

TEST_CASE("a peer misbehaves as told") {
  HttpPeer peer(in_order({PeerReply(200, "0123456789").cut_after(4),
                          PeerReply(200, "0123456789").chunked({4}).cut_after(9), PeerReply::hang_up(),
                          PeerReply::raw("SMTP ready\r\n"), PeerReply().write("ab").reset()}));
  PlainClient client;

  Answer cut = client.get(peer.url());
  CHECK(cut.code == CURLE_PARTIAL_FILE);
  CHECK(cut.body == "0123");
  CHECK(client.get(peer.url()).code == CURLE_PARTIAL_FILE);
  CHECK(client.get(peer.url()).code == CURLE_GOT_NOTHING);
  CHECK(client.get(peer.url()).code == CURLE_UNSUPPORTED_PROTOCOL);
  client.get(peer.url());
  CHECK(client.get(peer.url()).status == 500);
  CHECK(peer.wait_for_open(1));
}

TEST_CASE("a peer speaks TLS with its own authority, also when it leaves without a goodbye") {
  HttpPeer peer(in_order({PeerReply(200, "secret").chunked({1}), PeerReply(200, std::string(300'000, 'y')),
                          PeerReply(200, "gone").cut_after(2)}),
                {.tls = true});
  PlainClient client;

  CHECK(client.get(peer.url()).code == CURLE_PEER_FAILED_VERIFICATION);
  CHECK(client.get(peer.url(), peer.ca_file()).body == "secret");
  CHECK(client.get(peer.url_as("localhost"), peer.ca_file()).body.size() == 300'000);
  CHECK(client.get(peer.url(), peer.ca_file()).code != CURLE_OK);
}

TEST_CASE("held replies wait for their release, and a client that leaves is noticed") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "now").held(); });
  std::string body;
  std::thread asker([&] {
    PlainClient client;
    body = client.get(peer.url()).body;
  });
  CHECK(peer.wait_for_held(1));
  CHECK(peer.counts().answered == 0);

  peer.release();
  asker.join();

  CHECK(body == "now");
  CHECK(peer.wait_for_open(0));
}

TEST_CASE("a peer that is down refuses, and comes back on the same port") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x"); });
  PlainClient client;
  CHECK(client.get(peer.url()).status == 200);

  peer.down();
  CHECK(client.get(peer.url()).code == CURLE_COULDNT_CONNECT);
  peer.up();
  CHECK(client.get(peer.url()).status == 200);
  peer.drop_connections();
  CHECK(peer.wait_for_open(0));
}
