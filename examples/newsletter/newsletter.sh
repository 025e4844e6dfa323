#!/usr/bin/env bash
# A newsletter from nothing to its report, over the HTTP API: people and their consent, a segment, two texts to compare, a
# campaign that somebody else approves, the sending, a no by one click, the figures.
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
say() { printf '\n%s\n' "$1"; }

say '1. Two keys: one writes, another approves.'
marketer=$(ask "$first" POST /v1/keys '{"role": "marketer", "name": "Maja, marketing"}' | pick it.key)
approver=$(ask "$first" POST /v1/keys '{"role": "approver", "name": "Alva, the manager"}' | pick it.key)

say '2. Twelve people, told as events. All but one have said yes to the newsletter; Fia was never asked.'
now=$(ask "$first" POST /inbox/clock '{"advance": "PT0S"}' | pick it.now)
events=$(node -p "
  const choices = [{ purpose: 'newsletter', channel: 'email', state: 'given', noticeVersion: '2026-01', language: 'sv',
    method: 'checkbox', place: '/booking' }];
  JSON.stringify(['Anna', 'Bo', 'Cilla', 'David', 'Eva', 'Gun', 'Hans', 'Ida', 'Johan', 'Kim', 'Lena', 'Fia'].map((name, n) => ({
    specversion: '1.0', source: '/tenants/$tenant', id: 'newsletter-$run-' + n, time: '$now',
    type: n < 11 ? 'customer.consent-changed.v1' : 'customer.updated.v1',
    data: {
      customer: { id: 'reader-$run-' + n, name: name + ' Ek', email: name.toLowerCase() + '.$run@example.com', locale: 'sv',
        address: { lines: ['Storgatan 1'], postalCode: '831 31', city: '$city', country: 'SE' } },
      ...(n < 11 ? { choices } : {}),
    },
  })))")
taken=$(type=application/cloudevents-batch+json ask "$first" POST /v1/events "$events" | pick it.accepted)
must 'events taken' "$taken" 12

say '3. Who it is for: everybody in their city. Counted, then kept.'
predicate="{\"place\": {\"city\": [\"$city\"]}}"
count=$(ask "$marketer" POST /v1/segments/count "{\"predicate\": $predicate}" | pick it.count)
must 'people in the segment' "$count" 12
segment=$(ask "$marketer" POST /v1/segments "{\"name\": \"Readers of $city\", \"predicate\": $predicate}" | pick it.id)
printf '   %s means %s people\n' "$segment" "$count"

say '4. Two texts that differ in their subject. A version never changes once it is published.'
# template <name> <subject>
template() {
  local content id
  content="{\"sv\": {\"email\": {\"subject\": \"$2\", \"preview\": \"Tre råd inför vintern\", \"blocks\": [
    {\"kind\": \"heading\", \"text\": \"Hej {{person.firstName | du}}!\"},
    {\"kind\": \"text\", \"text\": \"Så mår huden bra när det blir kallt.\"},
    {\"kind\": \"button\", \"label\": \"Läs mer\", \"href\": \"https://www.wellnesskliniken.se/vinter\"}]}}}"
  id=$(ask "$marketer" POST /v1/templates "{\"name\": \"$1\", \"content\": $content}" | pick it.id)
  ask "$marketer" POST "/v1/templates/$id/versions/1/publish" >/dev/null
  printf '%s' "$id"
}
one=$(template 'Winter, plain' 'Så mår huden i vinter')
other=$(template 'Winter, asking' 'Torr hud när det blir kallt?')
printf '   %s and %s, version 1 of each\n' "$one" "$other"

say '5. The campaign: half of the people get A, half get B, as the lot draws them.'
campaign=$(ask "$marketer" POST /v1/campaigns "{\"name\": \"Winter $run\", \"purpose\": \"newsletter\", \"channel\": \"email\",
  \"segment\": \"$segment\", \"variants\": [{\"template\": \"$one\", \"version\": 1}, {\"template\": \"$other\", \"version\": 1}]}" | pick it.id)
own=/v1/campaigns/$campaign
ask "$marketer" POST "$own/preview" "{\"customer\": \"reader-$run-0\"}" |
  pick 'it.items.map((one) => `   ${one.variant} in ${one.locale}: ${one.subject}`).join("\n")'

say '6. A test to staff: marked, and its links lead nowhere.'
ask "$marketer" POST "$own/test-send" '{"to": ["eva@wellnesskliniken.se"]}' |
  pick 'it.items.map((one) => `   ${one.to}, variant ${one.variant}: ${one.outcome}`).join("\n")'

say '7. Who will get it, and who will not, and why.'
reach=$(ask "$marketer" POST "$own/reach")
pick '`   ${it.members} people: ${it.permitted} will, ${JSON.stringify(it.refused)} will not`' <<<"$reach"
must 'will get it' "$(pick it.permitted <<<"$reach")" 11

say '8. Handed in by the marketer, who may not approve it; approved by somebody else.'
ask "$marketer" POST "$own/submit" >/dev/null
status=$(curl --silent --output /dev/null --write-out '%{http_code}' --request POST "$base$own/approve" \
  --header "Authorization: Bearer $marketer")
must 'approved by a marketer' "$status" 403
ask "$approver" POST "$own/approve" | pick '`   approved by ${it.approved.by}`'

say '9. Tomorrow at nine. The clock of the inbox goes there at once.'
tomorrow=$(node -p "new Date(Date.parse('$now') + 86_400_000).toISOString().slice(0, 10)")
ask "$marketer" POST "$own/schedule" "{\"at\": \"${tomorrow}T09:00\"}" | pick '`   ${it.status} for ${it.launchAt}`'
ask "$first" POST /inbox/clock '{"advance": "PT48H"}' | pick '`   it is ${it.now} now`'
for _ in {1..150}; do
  status=$(ask "$marketer" GET "$own" | pick it.status)
  [[ $status == sent ]] && break
  sleep 0.2
done
must 'the campaign' "$status" sent

say '10. What the inbox has: one mail each, of either subject; none for Fia.'
# mails_to <name>
mails_to() { ask "$first" GET "/inbox?purpose=newsletter&to=$1.$run@example.com"; }
for name in anna bo cilla david eva gun hans ida johan kim lena fia; do
  mails=$(mails_to "$name")
  pick "\`   $name: \${it.map((mail) => mail.subject).join() || 'nothing'}\`" <<<"$mails"
  must "mails to $name" "$(pick it.length <<<"$mails")" "$([[ $name == fia ]] && echo 0 || echo 1)"
done

say '11. Bo has had enough: one click in the mail program (RFC 8058). The answer comes once the no holds.'
link=$(mails_to bo | pick "
  const [, header] = Object.entries(it[0].headers).find(([name]) => /^list-unsubscribe\$/i.test(name));
  new URL(/<(https?:[^>]+)>/.exec(header)[1]).pathname")
curl --silent --show-error --fail-with-body --output /dev/null --data 'List-Unsubscribe=One-Click' "$base$link"
decision=$(ask "$marketer" POST /v1/decisions "{\"customer\": \"reader-$run-1\", \"purpose\": \"newsletter\", \"channel\": \"email\"}")
pick '`   the next newsletter to Bo: ${it.outcome}, ${it.reason}`' <<<"$decision"
must 'the next newsletter to Bo' "$(pick it.reason <<<"$decision")" withdrawn

say '12. The report. Each figure says of whom it is a share.'
report=$(ask "$marketer" GET "$own/report")
pick '["sent", "refused", "unsubscribed"].map((name) => { const { count, of, denominator } = it.total[name];
  return `   ${name}: ${count} of ${of} ${denominator}`; }).join("\n")' <<<"$report"
must 'sent' "$(pick it.total.sent.count <<<"$report")" 11
must 'unsubscribed' "$(pick it.total.unsubscribed.count <<<"$report")" 1

say '13. Row by row, as a table.'
accept=text/csv ask "$marketer" GET "/v1/messages?campaign=$campaign" | cut -d, -f 3-7

say 'Done.'
