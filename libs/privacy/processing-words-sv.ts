import type { ProcessingWords } from './processing-words.types.js';

export const SWEDISH: ProcessingWords = {
  purposes: {
    booking: 'Vi bekräftar det du har bokat, berättar om något ändras eller avbokas och påminner i tid.',
    receipt: 'Vi skickar kvitton och besked om betalningar.',
    delivery:
      'Vi meddelar när det du har köpt är på väg eller går att hämta, och håller kontakten om leveransen.',
    support: 'Vi svarar på frågor och tar hand om reklamationer och garantiärenden.',
    recall: 'Vi varnar dig om något du har köpt av oss är farligt eller återkallas.',
    'legal-notice': 'Vi meddelar det som en lag, en dom eller ett myndighetsbeslut kräver.',
    handoff: 'Vi lämnar det som behövs till den som ska ta emot dig, så att din bokning kan slutföras.',
    'enquiry-follow-up':
      'Har du frågat om något och det har blivit tyst, hör vi av oss och undrar om du vill gå vidare.',
    survey: 'Efter besöket frågar vi hur det var, för att mäta kvaliteten och bli bättre.',
    'offer-call':
      'Medan vi förbereder ett erbjudande som du har bett om kan vi ringa dig, så att det blir rätt.',
    'abandoned-booking': 'Har du börjat boka utan att bli klar påminner vi. Några erbjudanden står inte där.',
    newsletter: 'Vi berättar vad som händer hos oss och om sådant som liknar det du har bokat eller köpt.',
    offers: 'Vi skickar erbjudanden, både allmänna och personliga.',
    news: 'Vi berättar om nyheter som kan passa dig.',
    inspiration: 'Vi delar med oss av tips och inspiration.',
    benefits: 'Vi berättar vilka förmåner du har.',
    recommendations: 'Vi föreslår produkter och tjänster utifrån det du har bokat och köpt.',
    audience: 'Vi kan visa dig våra annonser i sociala medier och på andra webbplatser.',
    'market-research': 'Vi frågar vad du tycker och tror, för att förstå vad våra kunder vill ha.',
    measurement: 'Vi ser vilka mejl som öppnas och vilka länkar som används.',
  },
  own: {
    'online-account': {
      what: 'Inloggning där du bokar',
      why: 'Du loggar in för att boka och se dina bokningar.',
    },
    payment: {
      what: 'Betalningar',
      why: 'Vi tar betalt, betalar tillbaka och håller ordning på vad som är betalt.',
    },
    'credit-check': {
      what: 'Kreditupplysning',
      why: 'Vill du betala senare kan vi behöva ta en kreditupplysning. Då får du veta det.',
    },
    'identity-check': {
      what: 'Identifikation och ålderskontroll',
      why: 'Ibland måste vi veta vem du är, eller att du har åldern inne.',
    },
    'address-check': {
      what: 'Adresskontroll',
      why: 'Vi kan kontrollera att din adress stämmer, så att det vi skickar kommer fram.',
    },
    notes: {
      what: 'Bilder och anteckningar',
      why: 'Det du själv väljer att lämna, till exempel inför en behandling.',
    },
    'legal-duty': {
      what: 'Lagkrav, domar och myndighetsbeslut',
      why: 'Till exempel bokföringslagen, penningtvättslagen och reglerna om produktansvar och säkerhet.',
    },
    'fraud-prevention': {
      what: 'Skydd mot bedrägeri',
      why: 'Vi upptäcker och förebygger bedrägeri och andra olagliga eller oönskade aktiviteter.',
    },
    'service-improvement': {
      what: 'Bättre tjänster',
      why: 'Vi analyserar hur våra tjänster och erbjudanden används för att göra dem bättre.',
    },
    website: {
      what: 'Vår webbplats',
      why: 'När du besöker den ser vi till exempel ip-adress, webbläsare, operativsystem, appversion, språkval och besökta sidor. Från en mobil även vilken enhet det är, dess inställningar och position.',
    },
  },
  grounds: {
    contract: 'avtal (GDPR 6.1 b)',
    'legal-duty': 'rättslig förpliktelse (GDPR 6.1 c)',
    'legitimate-interest': 'berättigat intresse (GDPR 6.1 f)',
    consent: 'samtycke (GDPR 6.1 a)',
    'soft-opt-in':
      'samtycke (GDPR 6.1 a), eller berättigat intresse (GDPR 6.1 f) efter en bokning eller ett köp (19 § marknadsföringslagen)',
    'own-consent': 'eget samtycke (GDPR 6.1 a)',
  },
  persons: {
    customer: 'kunder, och de som har frågat eller prenumererar',
    visitor: 'besökare på webbplatsen',
    guardian: 'vårdnadshavare',
    contact: 'kontaktpersoner hos mottagande företag',
  },
  data: {
    name: 'namn',
    contact: 'kontaktuppgifter: adress, e‑post och telefonnummer',
    booking: 'bokningar: vad, när, var och hos vem',
    purchase: 'köp, med produkt och tillverkningsparti',
    enquiry: 'förfrågningar och ärenden',
    payment: 'belopp och betalningar, aldrig kortnummer',
    'birth-date': 'födelsedatum, om du har uppgett det',
    guardian: 'vårdnadshavares samtycke, för den som är under 18',
    choices: 'dina val: vad du har sagt ja och nej till, när och hur',
    messages: 'meddelanden vi har skickat och om de kom fram',
    replies: 'det du svarar oss',
    survey: 'svar på enkäter',
    attributes: 'sådant om kundförhållandet som styr vad vi föreslår',
    notes: 'bilder, foton och anteckningar som du själv väljer att lämna',
    identity: 'identitetsuppgifter',
    account: 'inloggningsuppgifter',
    opens: 'öppnade mejl och använda länkar, bara om du har sagt ja till det',
    website: 'uppgifter om besök på webbplatsen och om enheten',
  },
  recipients: {
    'email-service': { what: 'skickar våra mejl', who: 'e‑postleverantör' },
    'sms-service': { what: 'skickar våra sms', who: 'sms-leverantör' },
    transport: { what: 'transporter', who: 'logistikföretag och speditörer' },
    payment: { what: 'betalningar', who: 'kortinlösande företag, banker och andra betaltjänstleverantörer' },
    print: { what: 'tryck och utskick', who: 'tryckerier och distributörer' },
    'social-media': { what: 'annonser till dig, bara om du har sagt ja', who: 'sociala medier' },
    agency: { what: 'marknadsföring', who: 'mediebyråer och reklambyråer' },
    it: { what: 'drift, teknisk support och underhåll av våra it-lösningar', who: 'it-företag' },
    analysis: { what: 'analys för att förbättra våra tjänster', who: 'analysföretag' },
    health: { what: 'tar emot dig och genomför det du har bokat', who: 'hälsotjänsthavare och vårdgivare' },
    travel: { what: 'tar emot dig och genomför din resa', who: 'resetjänsthavare' },
    authority: {
      what: 'när lagen kräver det, eller när det behövs för att förebygga, avslöja eller utreda brott eller bedrägeri',
      who: 'myndigheter',
    },
  },
  roles: { processor: 'personuppgiftsbiträde', controller: 'eget personuppgiftsansvar' },
  safeguards: {
    adequacy: 'EU-kommissionens beslut om adekvat skyddsnivå (artikel 45)',
    'standard-clauses': 'EU-kommissionens standardavtalsklausuler (artikel 46)',
    'binding-rules': 'bindande företagsbestämmelser (artikel 47)',
  },
  withinEea: 'inom EU och EES',
  measures: [
    'Varje meddelande prövas mot dina val precis innan det skickas. Utan ett godkännande går det inte i väg.',
    'Bara behörig personal kommer åt uppgifter, med personliga nycklar som ger rätt till det rollen behöver.',
    'Trafiken till de sidor som länkarna i meddelandena leder till, och till våra leverantörer, är krypterad.',
    'Loggar, mätvärden och köer innehåller inga namn, adresser eller nummer.',
    'Leverantörerna får bara det som behövs för att meddelandet ska komma fram, med en slumpad referens.',
    'Adresser som har sagt nej sparas som nyckelskyddade kontrollsummor, inte i klartext.',
    'Kortnummer döljs innan något sparas.',
    'Länkar i meddelanden är signerade, går inte att gissa och visar bara en maskerad adress.',
    'Uppgifter gallras automatiskt, och gallringen räknas.',
  ],
  retention: (months) =>
    `${months} månader efter det senaste besöket, om ingen lag kräver längre tid (till exempel sju år efter räkenskapsårets slut för bokföringsunderlag)`,
};
