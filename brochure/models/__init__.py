"""What carers can choose from: offers, frozen printed editions, places."""

from brochure.models.editions import Edition as Edition
from brochure.models.editions import EditionFile as EditionFile
from brochure.models.editions import EditionOffer as EditionOffer
from brochure.models.editions import EditionRate as EditionRate
from brochure.models.offers import Category as Category
from brochure.models.offers import Exemption as Exemption
from brochure.models.offers import Offer as Offer
from brochure.models.offers import OfferPrice as OfferPrice
from brochure.models.offers import OfferVersion as OfferVersion
from brochure.models.offers import Photo as Photo
from brochure.models.places import Activity as Activity
from brochure.models.places import PostcodeDistrict as PostcodeDistrict
