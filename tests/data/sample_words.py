"""What the sample's pages say around their content: labels in every language, lorem ipsum, robots.txt. All of it written for the sample."""

from typing import NamedTuple


class Labels(NamedTuple):
    home: str
    articles: str
    about: str
    contact: str
    search: str
    related: str
    share: str
    cookies: str
    accept: str
    rights: str


LABELS = {
    "en": Labels("Home", "Articles", "About us", "Contact", "Search", "You may also like", "Share this page",
                 "We use cookies to remember your settings. By continuing to use this site you agree to our cookie policy.", "Accept all", "All rights reserved"),
    "de": Labels("Startseite", "Artikel", "Über uns", "Kontakt", "Suche", "Das könnte Sie auch interessieren", "Seite teilen",
                 "Wir verwenden Cookies, um Ihre Einstellungen zu speichern. Mit der Nutzung dieser Seite stimmen Sie dem zu.", "Alle akzeptieren", "Alle Rechte vorbehalten"),
    "fr": Labels("Accueil", "Articles", "À propos", "Contact", "Recherche", "À lire aussi", "Partager cette page",
                 "Nous utilisons des cookies pour mémoriser vos préférences. En poursuivant, vous acceptez leur utilisation.", "Tout accepter", "Tous droits réservés"),
    "es": Labels("Inicio", "Artículos", "Quiénes somos", "Contacto", "Buscar", "También le puede interesar", "Compartir",
                 "Usamos cookies para recordar sus preferencias. Si continúa navegando, acepta su uso.", "Aceptar todo", "Todos los derechos reservados"),
    "it": Labels("Pagina iniziale", "Articoli", "Chi siamo", "Contatti", "Cerca", "Potrebbe interessarti", "Condividi",
                 "Usiamo i cookie per ricordare le tue preferenze. Continuando accetti il loro uso.", "Accetta tutti", "Tutti i diritti riservati"),
    "pt": Labels("Início", "Artigos", "Sobre nós", "Contato", "Buscar", "Veja também", "Compartilhar",
                 "Usamos cookies para lembrar suas preferências. Ao continuar, você concorda com esse uso.", "Aceitar todos", "Todos os direitos reservados"),
    "ja": Labels("ホーム", "記事一覧", "このサイトについて", "お問い合わせ", "検索", "関連記事", "このページを共有",
                 "当サイトでは設定を保存するためにクッキーを使用しています。閲覧を続けると同意したものとみなされます。", "すべて許可", "無断転載を禁じます"),
    "zh": Labels("首页", "文章", "关于我们", "联系方式", "搜索", "相关文章", "分享本页", "本网站使用小型文本文件来保存您的设置。继续浏览即表示您同意。", "全部接受", "版权所有"),
    "ru": Labels("Главная", "Статьи", "О нас", "Контакты", "Поиск", "Читайте также", "Поделиться",
                 "Мы используем файлы cookie, чтобы запоминать ваши настройки. Продолжая, вы соглашаетесь с этим.", "Принять все", "Все права защищены"),
    "pl": Labels("Strona główna", "Artykuły", "O nas", "Kontakt", "Szukaj", "Przeczytaj także", "Udostępnij",
                 "Używamy plików cookie, aby zapamiętać ustawienia. Korzystając z witryny, wyrażasz na to zgodę.", "Akceptuj wszystkie", "Wszelkie prawa zastrzeżone"),
    "ar": Labels("الرئيسية", "المقالات", "من نحن", "اتصل بنا", "بحث", "اقرأ أيضا", "شارك الصفحة", "نستخدم ملفات تعريف الارتباط لحفظ إعداداتك.", "قبول الكل", "جميع الحقوق محفوظة"),
    "fa": Labels("خانه", "مقاله‌ها", "درباره ما", "تماس", "جستجو", "مطالب مرتبط", "هم‌رسانی", "ما برای به خاطر سپردن تنظیمات شما از کوکی استفاده می‌کنیم.", "پذیرش همه", "همه حقوق محفوظ است"),
    "ko": Labels("홈", "글 목록", "소개", "문의", "검색", "관련 글", "공유하기", "이 사이트는 설정을 저장하기 위해 쿠키를 사용합니다. 계속 이용하면 동의하는 것으로 봅니다.", "모두 허용", "모든 권리 보유"),
    "cs": Labels("Domů", "Články", "O nás", "Kontakt", "Hledat", "Mohlo by vás zajímat", "Sdílet", "Používáme cookies k uložení vašich nastavení. Pokračováním souhlasíte.", "Přijmout vše", "Všechna práva vyhrazena"),
    "nl": Labels("Startpagina", "Artikelen", "Over ons", "Contact", "Zoeken", "Lees ook", "Delen", "Wij gebruiken cookies om uw instellingen te onthouden. Door verder te gaan stemt u hiermee in.", "Alles accepteren", "Alle rechten voorbehouden"),
    "sv": Labels("Startsida", "Artiklar", "Om oss", "Kontakt", "Sök", "Läs också", "Dela", "Vi använder kakor för att minnas dina inställningar. Genom att fortsätta godkänner du detta.", "Godkänn alla", "Alla rättigheter förbehållna"),
    "no": Labels("Forside", "Artikler", "Om oss", "Kontakt", "Søk", "Les også", "Del siden", "Vi bruker informasjonskapsler for å huske innstillingene dine. Ved å fortsette godtar du dette.", "Godta alle", "Alle rettigheter forbeholdt"),
    "id": Labels("Beranda", "Artikel", "Tentang kami", "Kontak", "Cari", "Baca juga", "Bagikan", "Kami memakai kuki untuk mengingat pengaturan Anda. Dengan melanjutkan, Anda menyetujuinya.", "Terima semua", "Hak cipta dilindungi"),
    "tr": Labels("Ana sayfa", "Yazılar", "Hakkımızda", "İletişim", "Ara", "Bunlar da ilginizi çekebilir", "Paylaş", "Ayarlarınızı hatırlamak için çerez kullanıyoruz. Devam ederek bunu kabul edersiniz.", "Tümünü kabul et", "Tüm hakları saklıdır"),
}  # fmt: skip

ISO3 = {
    "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "pt": "por", "ja": "jpn", "zh": "zho", "ru": "rus", "pl": "pol",
    "ar": "ara", "fa": "fas", "ko": "kor", "cs": "ces", "nl": "nld", "sv": "swe", "no": "nor", "id": "ind", "tr": "tur",
}  # fmt: skip

LOREM = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.",
    "Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat.",
    "Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur.",
    "Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum.",
)

# Invented people at reserved names, numbers of the ranges kept for fiction, addresses that look public.
PII = (
    "For questions about this page write to {name}.{family}@{host} and we will be glad to help you with the next steps.",
    "The office can be reached by phone at +1 (212) 555-01{n:02d} on working days, and in London at +44 20 7946 0{m:03d} in the afternoon.",
    "The old name server answered at 8.8.{n}.{m} until the move, and the backup machine was listed as 8.34.{m}.{n} in the same table.",
    "A copy of every message also goes to {family}-{n}@lists.{host} so that nothing is lost when somebody is away.",
)
NAMES = (("mara", "lindqvist"), ("tomas", "okonjo"), ("ines", "varga"), ("pavel", "oduya"), ("ruth", "ellingsen"), ("noor", "castell"))

BROWSER_LINES = (
    "Please enable JavaScript in your browser to see the whole page",
    "This page uses cookies to give you the best experience on our website.",
    "Read our privacy policy and the terms of use before you go on.",
)

SHORT = (
    "Page under construction. Please come back soon.",
    "Thank you for your message! We will answer within two days.",
    "No results were found for your search.",
    "You are now logged out.",
    "Coming soon",
    "",
    "The shop is closed in August. We are looking forward to seeing you again in autumn.",
    "Login required. Forgot your password?",
)
REPEATED = ("Click here to read more about our offers.", "Best prices in town, call us today!", "Tags: linux, server, database, web, guide")

ROBOTS = (
    "User-agent: *\nDisallow:\n",
    "User-agent: *\nDisallow: /search\nDisallow: /cart/\nCrawl-delay: 5\n\nSitemap: https://{host}/sitemap.xml\n",
    "# robots.txt of {host}\nUser-agent: GPTBot\nDisallow: /\n\nUser-agent: CCBot\nAllow: /\n\nUser-agent: *\nDisallow: /admin/\nDisallow: /*?print=\n",
    "User-agent: *\r\nAllow: /\r\nDisallow: /private/\r\nSitemap: https://{host}/sitemap_index.xml\r\n",
    "User-agent: CCBot\nDisallow: /drafts/\nContent-Signal: search=yes, ai-train=no\n\nUser-agent: *\nAllow: /\n",
)
