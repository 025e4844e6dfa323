#!/usr/bin/env bash
# A newsletter from a segment to its report, over the HTTP API: people and their consent, a text that is judged and
# mended, an A/B test with a hold-out, a manager who says no and then yes, a pause, a winner, the figures.
#
#   LAGOM_ADMIN_KEY=… examples/newsletter/newsletter.sh
#
# Needs bash, curl and node, and an `all` that sends nothing for real (`npm start`), at LAGOM_URL (http://localhost:3000).
set -euo pipefail

base=${LAGOM_URL:-http://localhost:3000}
first=${LAGOM_ADMIN_KEY:?the first key: npm start printed it}
tenant=wellnesskliniken
run=$(node -p 'Date.now().toString(36)')
city="Provstad-$run"

# ask <key> <method> <path> [body]: prints the answer; anything but a 2xx ends the program with what was said.
ask() {
  local body=()
  if (($# > 3)); then body=(--header "Content-Type: ${type:-application/json}" --data-binary "$4"); fi
  curl --silent --show-error --fail-with-body --request "$2" "$base$3" --header "Authorization: Bearer $1" \
    --header "Lagom-Tenant: $tenant" --header "Accept: ${accept:-application/json}" ${body[@]+"${body[@]}"} || {
    printf '\n%s %s was refused (above)\n' "$2" "$3" >&2
    return 1
  }
}
# pick <expression>: of the JSON on standard input, `it`.
pick() { node -p "const it = JSON.parse(fs.readFileSync(0, 'utf8')); $1"; }
# must <what> <seen> <wanted>
must() {
  [[ $2 == "$3" ]] || { printf '%s: %s, expected %s\n' "$1" "$2" "$3" >&2; exit 1; }
}
# refused <status> <key> <method> <path>: a request that has to be answered so.
refused() {
  must "$3 $4" "$(curl --silent --output /dev/null --write-out '%{http_code}' --request "$3" "$base$4" \
    --header "Authorization: Bearer $2" --header "Lagom-Tenant: $tenant")" "$1"
}
say() { printf '\n%s\n' "$1"; }
# act <key> <what> [body]: a step of the campaign; prints where it stands then.
act() { ask "$1" POST "$own/$2" "${3:-{\}}" | pick it.status; }
clock() { ask "$first" POST /inbox/clock "{\"advance\": \"$1\"}" | pick it.now; }
sent() { ask "$marketer" GET "$own/report" | pick it.total.sent.count; }

say '1. Two keys: one writes, another approves.'
marketer=$(ask "$first" POST /v1/keys '{"role": "marketer", "name": "Maja, marketing"}' | pick it.key)
approver=$(ask "$first" POST /v1/keys '{"role": "approver", "name": "Alva, the manager"}' | pick it.key)

say '2. Eighty people, told as events. Each has said yes to the newsletter, but for the first ten: they were never asked.'
now=$(clock PT0S)
events=$(node -p "
  const choices = [{ purpose: 'newsletter', channel: 'email', state: 'given', noticeVersion: '2026-01', language: 'sv',
    method: 'checkbox', place: '/booking' }];
  JSON.stringify(Array.from({ length: 80 }, (_, n) => ({
    specversion: '1.0', source: '/tenants/$tenant', id: 'told-$run-' + n, time: '$now',
    type: n >= 10 ? 'customer.consent-changed.v1' : 'customer.updated.v1',
    data: {
      customer: { id: 'reader-$run-' + n, name: 'Kim Ek', email: 'reader.' + n + '.$run@example.com', locale: 'sv',
        address: { lines: ['Storgatan 1'], postalCode: '831 31', city: '$city', country: 'SE' } },
      ...(n >= 10 ? { choices } : {}),
    },
  })))")
must 'events taken' "$(type=application/cloudevents-batch+json ask "$first" POST /v1/events "$events" | pick it.accepted)" 80

say '3. Who it is for: everybody in their city. Counted, then kept.'
predicate="{\"place\": {\"city\": [\"$city\"]}}"
must 'people' "$(ask "$marketer" POST /v1/segments/count "{\"predicate\": $predicate}" | pick it.count)" 80
segment=$(ask "$marketer" POST /v1/segments "{\"name\": \"Readers of $city\", \"predicate\": $predicate}" | pick it.id)

say '4. A text with a slip in it is kept as a draft, and is not published. Mended it is: a version never changes after that.'
# content <subject> <name>
content() {
  printf '{"sv": {"email": {"subject": "%s", "preview": "Tre råd inför vintern", "blocks": [
    {"kind": "heading", "text": "Hej {{person.%s | du}}!"},
    {"kind": "text", "text": "Så mår huden bra när det blir kallt."},
    {"kind": "button", "label": "Läs mer", "href": "https://www.wellnesskliniken.se/vinter"}]}}}' "$1" "$2"
}
draft=$(ask "$marketer" POST /v1/templates "{\"name\": \"Winter, plain\", \"content\": $(content 'Så mår huden i vinter' nickname)}")
pick 'it.version.lint.map((one) => `   ${one.level} at ${one.pointer}: ${one.detail}`).join("\n")' <<<"$draft"
one=$(pick it.id <<<"$draft")
refused 422 "$marketer" POST "/v1/templates/$one/versions/1/publish"
ask "$marketer" POST "/v1/templates/$one/versions" "{\"content\": $(content 'Så mår huden i vinter' firstName)}" >/dev/null
ask "$marketer" GET "/v1/templates/$one/versions/1/diff?with=2" | pick 'it.changes.map((one) => `   mended: ${one.pointer}`).join()'
ask "$marketer" POST "/v1/templates/$one/versions/2/publish" >/dev/null
other=$(ask "$marketer" POST /v1/templates \
  "{\"name\": \"Winter, asking\", \"content\": $(content 'Torr hud när det blir kallt?' firstName)}" | pick it.id)
ask "$marketer" POST "/v1/templates/$other/versions/1/publish" >/dev/null

say '5. The campaign. A fifth gets nothing, to compare with. Half of the others get A or B by lot; the rest waits for the'
printf '   %s\n' 'better one, which is what more people book after within four hours. One mail goes every half minute.'
campaign=$(ask "$marketer" POST /v1/campaigns "{\"name\": \"Winter $run\", \"purpose\": \"newsletter\", \"channel\": \"email\",
  \"segment\": \"$segment\", \"variants\": [{\"template\": \"$one\", \"version\": 2}, {\"template\": \"$other\", \"version\": 1}],
  \"holdOut\": 20, \"testShare\": 50, \"winnerRule\": {\"by\": \"bookings\", \"after\": \"PT4H\", \"least\": 1},
  \"pace\": {\"perHour\": 120}}" | pick it.id)
own=/v1/campaigns/$campaign

say '6. As one of them would get it; and a test to staff, marked, whose links lead nowhere.'
ask "$marketer" POST "$own/preview" "{\"customer\": \"reader-$run-10\"}" |
  pick 'it.items.map((one) => `   ${one.variant} in ${one.locale}: ${one.subject}`).join("\n")'
ask "$marketer" POST "$own/test-send" '{"to": ["eva@wellnesskliniken.se"]}' |
  pick 'it.items.map((one) => `   ${one.to}, variant ${one.variant}: ${one.outcome}`).join("\n")'

say '7. Who will get it, and who will not, and why.'
reach=$(ask "$marketer" POST "$own/reach")
pick '`   of ${it.members}: ${it.permitted} will, ${it.waiting} of them once there is a winner; ${it.heldOut} are held out; ${
  JSON.stringify(it.refused)} will not`' <<<"$reach"
must 'everybody' "$(pick 'it.permitted + it.heldOut + it.refused["no-consent"]' <<<"$reach")" 80

say '8. Handed in. Who hands in cannot approve. The manager says no, with a reason; it is a draft again.'
must 'handed in' "$(act "$marketer" submit)" submitted
refused 403 "$marketer" POST "$own/approve"
must 'sent back' "$(act "$approver" reject '{"reason": "Say which clinic: the name is missing."}')" draft
ask "$marketer" GET "$own" | pick '`   ${it.history.at(-1).by}: ${it.history.at(-1).why}`'

say '9. Changed, handed in, approved. One more edit, and the approval is void: what is sent is what was seen.'
edit() { ask "$marketer" PATCH "$own" "{\"name\": \"$1 $run\"}" | pick it.status; }
must 'changed' "$(edit 'Winter at Wellnesskliniken')" draft
must 'handed in' "$(act "$marketer" submit)" submitted
must 'approved' "$(act "$approver" approve)" approved
must 'changed' "$(edit 'Winter skin at Wellnesskliniken')" draft
refused 409 "$marketer" POST "$own/schedule"
must 'handed in' "$(act "$marketer" submit)" submitted
must 'approved' "$(act "$approver" approve)" approved

say '10. Tomorrow at nine. The clock of the inbox goes there at once, and three minutes further.'
tomorrow=$(node -p "new Date(Date.parse('$now') + 86_400_000).toISOString().slice(0, 10)")
launch=$(ask "$marketer" POST "$own/schedule" "{\"at\": \"${tomorrow}T09:00\"}" | pick it.launchAt)
clock "PT$(node -p "Math.ceil((Date.parse('$launch') - Date.parse('$now')) / 1000) + 180")S" >/dev/null

say '11. Stopped: the answer comes once no call begins any more. An hour later it is where it was. Then it goes on.'
must 'stopped' "$(act "$marketer" pause '{"reason": "The clinic has water damage."}')" paused
before=$(sent)
clock PT1H >/dev/null
must 'sent while it was paused' "$(($(sent) - before))" 0
must 'goes on' "$(act "$marketer" resume)" sending
now=$(clock PT1H)
printf '   %s were sent before, %s by now\n' "$before" "$(sent)"

say '12. Who got B books. Four hours after the test the rule is asked, and who waited gets what it names.'
bookings=$(ask "$marketer" GET "/v1/messages?campaign=$campaign&status=accepted&limit=500" | pick "
  JSON.stringify(it.items.filter((one) => one.variant === 'B').map(({ customer }) => ({
    specversion: '1.0', source: '/tenants/$tenant', id: 'booked-' + customer, time: '$now', type: 'booking.confirmed.v1',
    data: { customer: { id: customer }, booking: { id: 'b-' + customer, service: 'Ansiktsbehandling',
      startsAt: new Date(Date.parse('$now') + 30 * 86_400_000) } },
  })))")
type=application/cloudevents-batch+json ask "$first" POST /v1/events "$bookings" | pick '`   ${it.accepted} have booked`'
clock PT5H >/dev/null
for _ in {1..30}; do
  status=$(ask "$marketer" GET "$own" | pick it.status)
  [[ $status == sent ]] && break
  clock PT2M >/dev/null
done
must 'the campaign' "$status" sent
must 'the winner' "$(ask "$marketer" GET "$own" | pick it.winner.variant)" B

say '13. What the inbox has: one mail to each to whom it was sent, to nobody else. One of them has had enough: one click in'
printf '   %s\n' 'the mail program (RFC 8058). The answer comes once the no holds.'
mails=$(ask "$first" GET '/inbox?purpose=newsletter' | pick "JSON.stringify(it.filter(({ to }) => to.endsWith('.$run@example.com')))")
must 'mails' "$(pick it.length <<<"$mails")" "$(sent)"
must 'people with one' "$(pick 'new Set(it.map(({ to }) => to)).size' <<<"$mails")" "$(sent)"
reader=reader-$run-$(pick 'it[0].to.split(".")[1]' <<<"$mails")
link=$(pick "
  const [, header] = Object.entries(it[0].headers).find(([name]) => /^list-unsubscribe\$/i.test(name));
  new URL(/<(https?:[^>]+)>/.exec(header)[1]).pathname" <<<"$mails")
curl --silent --show-error --fail-with-body --output /dev/null --data 'List-Unsubscribe=One-Click' "$base$link"
next=$(ask "$marketer" POST /v1/decisions "{\"customer\": \"$reader\", \"purpose\": \"newsletter\", \"channel\": \"email\"}")
must 'the next newsletter to them' "$(pick '`${it.outcome}, ${it.reason}`' <<<"$next")" 'refuse, withdrawn'

say '14. The report. Each figure says of whom it is a share.'
report=$(ask "$marketer" GET "$own/report")
pick '[...["sent", "refused", "unsubscribed", "booked"].map((name) => [name, it.total[name]]), ["held out", it.heldOut]]
  .map(([name, { count, of, denominator }]) => `   ${name}: ${count} of ${of} ${denominator}`).join("\n")' <<<"$report"
pick '`   ${it.test.says}; ${it.test.isClear ? "that is clear" : "that may be chance"}`' <<<"$report"
must 'unsubscribed' "$(pick it.total.unsubscribed.count <<<"$report")" 1
must 'everybody' "$(pick 'it.total.sent.count + it.total.refused.count + it.heldOut.count' <<<"$report")" 80

say '15. The same as a table, the people row by row, and the clinic in figures.'
accept=text/csv ask "$marketer" GET "$own/report" | sed -n 1,4p
accept=text/csv ask "$marketer" GET "/v1/messages?campaign=$campaign&limit=3" | cut -d, -f 3-6
accept=text/csv ask "$marketer" GET "/v1/stats?by=campaign,variant,status,reason" | grep -E "count|$campaign"

say '16. The next one begins as this one; this one is put away.'
must 'the next' "$(act "$marketer" duplicate)" draft
must 'put away' "$(act "$marketer" archive)" archived

say 'Done.'
